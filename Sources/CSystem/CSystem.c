#define _GNU_SOURCE
#include "CSystem.h"

#ifdef __linux__
#include <sys/socket.h>

int csystem_accept(int listener) {
  return accept4(listener, 0, 0, SOCK_NONBLOCK | SOCK_CLOEXEC);
}
#endif
