/* The keeper's messages, with the descriptors beside them.
 */
#include "brain/shell.h"

#include <procman/log.h>

void keeper_hear(struct shell *shell, int most)
{
    struct pm_wire_message message;

    while (most-- > 0 && !shell->over) {
        enum pm_err err = pm_wire_receive(shell->wire, &message);
        if (err == PM_TIMEOUT)
            return;
        if (err == PM_GONE) {
            shell->over = true; /* it told us to go, or it is dead: what runs goes on running */
            return;
        }
        if (err != PM_OK) {
            pm_log_error("a message of the keeper is dropped: %s", pm_err_sentence(err));
            continue;
        }
        if (message.fds_lost && !shell->unheard) {
            pm_log_error("no descriptors are left for the output of processes: it waits in their "
                         "pipes for the next brain, which begins in a moment");
            shell->unheard = true;
        }
        shell->in_hand = &message;
        brain_on_keeper(shell->brain, message.kind, message.msg, pm_mono_now());
        shell->in_hand = NULL;
        pm_wire_drop(&message); /* what nobody collected */
    }
}
