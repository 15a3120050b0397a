/** An identity provider that people may sign in with. */
export interface Provider {
  name: string;
  /** Where the browser goes to sign in there. */
  href: string;
}

/** Providers that the server lists; where none can be listed there are none. */
export async function listProviders(_back: string): Promise<Provider[]> {
  return [];
}
