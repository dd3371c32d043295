#!/bin/sh
# A libvirtd of a test's own: process 1 of namespaces that end with it, with folders of its own over those of
# the computer's libvirt, all in memory: nothing is left when they end. Usage: libvirt-bed.sh COMMAND…; runs it
# beside libvirtd.
set -eu
mount --make-rprivate /
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /run
bed=/run/bed
export TMPDIR=/run/tmp
mkdir "$bed" "$TMPDIR"
for name in lib log cache; do
  mkdir -p "$bed/$name" "/var/$name/libvirt"
  mount --bind "$bed/$name" "/var/$name/libvirt"
done
mkdir -p "$bed/etc" /etc/libvirt
mount --bind "$bed/etc" /etc/libvirt
mkdir -p /etc/libvirt/qemu/networks
cat > /etc/libvirt/qemu.conf <<'END'
security_driver = "none"
user = "root"
group = "root"
cgroup_controllers = [ ]
namespaces = [ ]
stdio_handler = "file"
END
cat > /etc/libvirt/libvirtd.conf <<'END'
auth_unix_rw = "none"
auth_unix_ro = "none"
unix_sock_rw_perms = "0700"
log_outputs = "3:file:/var/log/libvirt/libvirtd.log"
END
# What machines shall not reach: an address of the host that is not loopback, and a server beside it.
ip link set lo up
ip link add outside type bridge
ip address add 198.51.100.1/24 dev outside
ip link set outside up
ip netns add source
ip link add veth-source type veth peer name eth0 netns source
ip link set veth-source master outside up
ip -n source address add 198.51.100.20/24 dev eth0
ip -n source link set eth0 up
ip -n source link set lo up
libvirtd --daemon
"$@"
