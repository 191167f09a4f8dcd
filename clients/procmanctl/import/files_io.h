/* The files of this machine, for imports. */
#ifndef PROCMANCTL_IMPORT_FILES_IO_H
#define PROCMANCTL_IMPORT_FILES_IO_H

#include "import.h"

extern const struct import_files import_disk;

#endif
