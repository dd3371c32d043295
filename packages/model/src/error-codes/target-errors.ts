/** What goes wrong on a launch host: conversion, overlays, machines. Sorted by code. */
import type { ErrorEntry } from './error-entry.ts';

export const TARGET_ERRORS = {
  APPLIANCE_FAILED: {
    meaning: 'The appliance that converts a guest did not start, did not end, or refused a step.',
    remedy:
      'Run `libguestfs-test-tool` on the launch host, look at its load, memory and disk space; or launch another recovery point.',
  },
  BOOT_PROOF_FAILED: {
    meaning: 'A machine made to prove that a server boots showed no sign of life.',
    remedy:
      'Look at its console and screenshot with `landfall boot-proof show`; mend the cause on the source server and prove a newer point.',
  },
  CONVERSION_IMPOSSIBLE: {
    meaning:
      'The guest cannot be made to start on the target: no root, no drivers for any hardware there is, or encrypted.',
    remedy: 'Do what the message says on the source server, then launch from a newer recovery point.',
  },
  FIRMWARE_MISSING: {
    meaning: 'A machine that starts from UEFI was launched on a host without UEFI firmware.',
    remedy: 'Install the package ovmf on the launch host, then launch again.',
  },
  GUEST_PANICKED: {
    meaning: 'The kernel of a launched machine panicked.',
    remedy: "Read the machine's console; launch another recovery point.",
  },
  HOST_UNREACHABLE: {
    meaning: 'What runs the machines of a launch host (libvirtd) does not answer; the machines may go on.',
    remedy: 'Start libvirtd, and check `--libvirt-uri` of the launch host; it goes on by itself.',
  },
  HYDRATION_FAILED: {
    meaning: "A launched machine's own disks cannot be filled in.",
    remedy:
      'Check that the replication server runs and that the launch host has free space: it is tried again by itself, or at once when you ask.',
  },
  INBOUND_NOT_FILTERED: {
    meaning: 'Ports of a machine that are not let in cannot be kept closed; it is not started, or says so.',
    remedy:
      'Install the package nftables on the launch host and run the launch host as root; or let all ports in (`landfall launch-template set SERVER --port all`).',
  },
  INITRAMFS_UNREADABLE: {
    meaning: 'An initial RAM filesystem of the guest is damaged or of a form that cannot be read.',
    remedy:
      'Rebuild it on the source server (`update-initramfs -u` or `dracut -f`), then launch from a newer recovery point.',
  },
  LAUNCH_ADDRESS_INVALID: {
    meaning: 'A launch configuration keeps an address, gateway or name server that is none.',
    remedy: 'Correct it: addresses have a prefix length, gateways are of the same kind as their address.',
  },
  LAUNCH_CANCELLED: {
    meaning: 'A launch was ended before it was complete.',
    remedy: 'Launch again if the machine is still wanted.',
  },
  LAUNCH_HOST_FULL: {
    meaning: 'A launch host looks after as many machines as it can.',
    remedy: 'Terminate machines that are no longer needed, or add a launch host.',
  },
  MACHINE_DIED: {
    meaning: 'The QEMU process of a launched machine ended by itself or was killed.',
    remedy: 'Look at the memory of the launch host, then start the machine again.',
  },
  MACHINE_DISK_ERROR: {
    meaning: 'A disk of a launched machine does not answer; the machine is paused and tries again.',
    remedy:
      'Check the free space of the launch host, and that the replication server runs until hydration is complete.',
  },
  MACHINE_NOT_READY: {
    meaning: 'A machine was asked for something that it cannot do in its present phase.',
    remedy: 'Wait until it was converted and started.',
  },
  MACHINE_REFUSED: {
    meaning: 'QEMU refused a command for a launched machine.',
    remedy: "Read QEMU's words in the message; the machine goes on as it is.",
  },
  MACHINE_SIZES_INVALID: {
    meaning: "The operator's file of machine sizes cannot be used.",
    remedy:
      'Correct machine-sizes.json in the data folder as the message says, or remove it, then start the control plane again.',
  },
  MACHINE_SIZE_IMPOSSIBLE: {
    meaning: 'No machine size fits what the launch host can give.',
    remedy: 'End machines that are no longer needed, or add a launch host.',
  },
  MACHINE_SIZE_UNKNOWN: {
    meaning: 'A launch template names a size that the catalogue of machine sizes does not have.',
    remedy: 'Choose one that `landfall machine sizes` shows, or add it to machine-sizes.json.',
  },
  MACHINE_SPECIFICATION_INVALID: {
    meaning: 'A launch was asked for with values that make no machine.',
    remedy: 'Check the launch configuration of the source server.',
  },
  MACHINE_START_FAILED: {
    meaning: 'QEMU could not start a machine.',
    remedy:
      "Read QEMU's words in the message; look at free memory and ports in use on the launch host, then launch again.",
  },
  MACHINE_STOP_FAILED: {
    meaning: 'The QEMU process of a machine does not end, not even when killed.',
    remedy: 'Look at the storage of the launch host, then terminate again.',
  },
  MACHINE_UNKNOWN: {
    meaning: 'A launch host was asked about a machine that it does not have.',
    remedy: 'The machine may have been terminated; list the machines.',
  },
  MACHINE_UNREACHABLE: {
    meaning: 'The QEMU process of a machine does not answer.',
    remedy: "Look at the machine's qemu.log and console.log on the launch host.",
  },
  NBD_URI_INVALID: {
    meaning: 'The address of a view is not one that can be opened.',
    remedy: 'A view is nbd+unix:///EXPORT?socket=PATH or nbd://HOST:PORT/EXPORT.',
  },
  NETWORKS_INVALID: {
    meaning: 'The file that names the networks of a launch host cannot be used.',
    remedy: 'Write it as docs/launch-hosts.md shows, then start the launch host again.',
  },
  NETWORK_NOT_ISOLATED: {
    meaning:
      'The launch host could not make sure that a test machine reaches nothing, so it was not started.',
    remedy: 'Install the package iptables on the launch host, and run the launch host as root.',
  },
  NETWORK_UNKNOWN: {
    meaning: 'A launch template names a network that the launch host does not have.',
    remedy: 'Name one of its networks, or make one of that name on the launch host.',
  },
  OVERLAY_NO_SPACE: {
    meaning: 'The launch host has too little free space for what a machine writes.',
    remedy:
      'Terminate test machines that are no longer needed, or free space, then launch again. Disks that are to be filled in are tried again by themselves.',
  },
  PORT_TAKEN: {
    meaning: 'A TCP port is in use by another program, or none is free.',
    remedy: 'End the other program, or configure another port.',
  },
  POST_LAUNCH_FAILED: {
    meaning: 'A post-launch action that must succeed did not.',
    remedy: "Read the action's output in the job; correct the script or the server, then launch again.",
  },
  POST_LAUNCH_INVALID: {
    meaning: 'The post-launch actions of a server cannot be made into scripts.',
    remedy: 'Correct the action, document or parameter that the message names, then launch again.',
  },
  PREFLIGHT_FAILED: {
    meaning: 'A server could not be inspected.',
    remedy: 'Read the reason; it is tried again by itself, or at once by `landfall server preflight`.',
  },
  TOOL_MISSING: {
    meaning: 'An external tool is not installed.',
    remedy: 'Install the named tool, then try again.',
  },
  TOO_MANY_DISKS: {
    meaning: 'A machine has more disks than can be attached.',
    remedy: 'Exclude disks, or join them into fewer volumes on the source server.',
  },
  USAGE: {
    meaning: 'A program was started with options it does not know.',
    remedy: 'Read the line below the message, or start it with --help.',
  },
  VIRT_V2V_FAILED: {
    meaning: 'virt-v2v could not convert a guest, or did not end in time.',
    remedy:
      'Read what it said; set the conversion method LANDFALL to do without it, or launch another recovery point.',
  },
  VIEW_UNREACHABLE: {
    meaning: 'The view of a recovery point cannot be opened, or is of another disk.',
    remedy: 'Check that the replication server runs and has the export open, then launch again.',
  },
} as const satisfies Record<string, ErrorEntry>;
