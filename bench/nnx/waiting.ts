/** How a training loop waits for the device. */
export const WAITING = ['item', 'sync', 'never'] as const;

export type Waiting = (typeof WAITING)[number];
