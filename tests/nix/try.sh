# SPDX-License-Identifier: MIT
# What a builder tries, and got: one line a thing, "probe: WHO: WHAT: 0" or the name of the errno.
name=${name:-structured}
probe() { what=$1; shift; got=$(/bin/payload "$@" 2>/dev/null) && got=0; echo "probe: $name: $what: $got"; }
probe shadow open-read /etc/shadow
probe home read-dir /home
probe outside open-read @OUTSIDE@
probe input open-write $try
probe input-mode chmod $try 777
probe input-gone unlink $try
probe beside create ${try%/*}/own
probe etc create /etc/own
probe root create /own
probe tmp create /tmp/own
probe build create /build/own
probe tcp tcp-connect ${port:-@PORT@}
probe kill kill @PID@ 0
probe unshare unshare mount
n=0; for p in /proc/[0-9]*; do n=$((n + 1)); done; echo "probe: $name: processes: $n"
for p in /proc/[0-9]*/comm; do read -r comm < $p && [ "$comm" != @COMM@ ] || echo "probe: $name: seen: $comm"; done 2>/dev/null
while read -r key value rest; do case $key in Uid:|Gid:|CapEff:|NoNewPrivs:|Seccomp:) echo "probe: $name: $key $value" ;; esac; done < /proc/self/status
read -r host < /proc/sys/kernel/hostname && echo "probe: $name: hostname: $host"
[ -t 1 ] && echo "probe: $name: terminal: yes" || echo "probe: $name: terminal: no"
