/* The least a request over ZeroMQ can cost: connect to argv[1], ask, take the answer, end. */
#include <zmq.h>

int main(int argc, char **argv)
{
    void *context = zmq_ctx_new();
    void *dealer = zmq_socket(context, ZMQ_DEALER);
    char answer[16];
    int none = 0;

    if (argc != 2 || zmq_connect(dealer, argv[1]) != 0)
        return 2;
    zmq_setsockopt(dealer, ZMQ_LINGER, &none, sizeof none);
    if (zmq_send(dealer, "ping", 4, 0) != 4 || zmq_recv(dealer, answer, sizeof answer, 0) < 0)
        return 1;
    zmq_close(dealer);
    zmq_ctx_term(context);
    return 0;
}
