#!/bin/sh
# A libvirtd of a test's own: process 1 of namespaces that end with it, with folders of its own over those of
# the computer's libvirt. Usage: libvirt-bed.sh FOLDER COMMAND…; runs COMMAND beside libvirtd.
set -eu
bed=$1
shift
mount --make-rprivate /
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /run
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
# Where hosts route to: an address that is not loopback, so that guests can ask for it.
ip link set lo up
ip link add outside type bridge
ip address add 198.51.100.1/24 dev outside
ip link set outside up
libvirtd --daemon
"$@"
