"""Lets slixmpp find the deployment through the deployment's own name server.

It follows service records there as it would anywhere. The system's resolver cannot be told of
another server, so names of the deployment go to the first chat server when it is asked.
"""

import os
import socket

import aiodns
import slixmpp.xmlstream.xmlstream

ADDRESS, PORT = os.environ["STANDFAST_DNS"].rsplit(":", 1)


def resolver(loop):
    return aiodns.DNSResolver(
        loop=loop,
        nameservers=[ADDRESS],
        udp_port=int(PORT),
        tcp_port=int(PORT),
        tries=3,
        timeout=2.0,
    )


slixmpp.xmlstream.xmlstream.default_resolver = resolver
ask_the_system = socket.getaddrinfo


def getaddrinfo(host, *arguments, **named):
    if host == os.environ["STANDFAST_DOMAIN"]:
        host = os.environ["STANDFAST_SERVER"]
    return ask_the_system(host, *arguments, **named)


socket.getaddrinfo = getaddrinfo
