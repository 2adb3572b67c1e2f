#pragma once

// Linux calls that Swift's Glibc module does not export.
#ifdef __linux__
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

/// accept4(2) with SOCK_NONBLOCK and SOCK_CLOEXEC, the peer's address dropped.
int csystem_accept(int listener);
/// EPOLLIN, EPOLLOUT and the two that epoll always reports, as plain numbers.
static const uint32_t csystem_epollin = EPOLLIN;
static const uint32_t csystem_epollout = EPOLLOUT;
static const uint32_t csystem_epollhup = EPOLLHUP | EPOLLERR;
#endif
