/** Channels between main and preload. */
export const channels = {
  /** page → main */
  connect: 'umbra:connect',
  openLab: 'umbra:open-lab',
  /** main → page: a DesktopMessage, with a port if it says so. */
  message: 'umbra:message',
} as const;
