#pragma once

// Linux calls that Swift's Glibc module does not export.
#ifdef __linux__
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

/// accept4(2) with SOCK_NONBLOCK and SOCK_CLOEXEC. The peer's IPv6 address, or IPv4 address mapped into IPv6
/// (RFC 4291, section 2.5.5.2), is put into the 16 bytes at `address`.
int csystem_accept(int listener, uint8_t *_Nonnull address);
/// EPOLLIN, EPOLLOUT and the two that epoll always reports, as plain numbers.
static const uint32_t csystem_epollin = EPOLLIN;
static const uint32_t csystem_epollout = EPOLLOUT;
static const uint32_t csystem_epollhup = EPOLLHUP | EPOLLERR;
#endif
