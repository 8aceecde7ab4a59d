/** How a channel is known to be. */
export interface ChannelState {
  readonly name: string;
  readonly isUp: boolean;
  /** What it said last, or why it cannot take a page. */
  readonly text: string;
}

type Said = Omit<ChannelState, 'name'>;

export interface ChannelStates {
  /** What came of asking whether it could take a page. */
  checked(name: string, said: Said): void;
  /** What came of a page. */
  sent(name: string, said: Said): void;
  /** There is no page for it any more: what the last one has shown may be mended by now. */
  forgetPages(name: string): void;
  /** One that has failed at either is down. */
  stateOf(name: string): ChannelState;
}

/** What is known of channels. One that refuses pages is down, whatever it answers when asked. */
export function createChannelStates(): ChannelStates {
  const checks = new Map<string, Said>();
  const pages = new Map<string, Said>();
  return {
    checked: (name, said) => void checks.set(name, said),
    sent: (name, said) => void pages.set(name, said),
    forgetPages: (name) => void pages.delete(name),
    stateOf(name) {
      const said = [pages.get(name), checks.get(name)].filter((one) => one !== undefined);
      const worst = said.find(({ isUp }) => !isUp) ?? said[0];
      return { name, ...(worst ?? { isUp: false, text: 'it was not asked yet' }) };
    },
  };
}
