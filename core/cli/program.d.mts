export const bundleFolder: string;
export function isFresh(folder?: string): boolean;
export function program(): string;
