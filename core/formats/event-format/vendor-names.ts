/** Vendors' kernels (openEuler) have kvm_entry_v2 and kvm_exit_v2: the same events with a vCPU's number before the fields. */
export function plainName(event: string): string {
  return event.endsWith('_v2') && (event === 'kvm_entry_v2' || event === 'kvm_exit_v2') ? event.slice(0, -3) : event;
}
