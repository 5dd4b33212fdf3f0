/** Channels between main and preload. */
export const channels = {
  /** page → main */
  connect: 'umbra:connect',
  openLab: 'umbra:open-lab',
  openFiles: 'umbra:open-files',
  savePdf: 'umbra:save-pdf',
  /** main → page: a DesktopMessage, with a port if it says so. */
  message: 'umbra:message',
} as const;
