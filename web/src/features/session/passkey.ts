// Signing in with a passkey (WebAuthn level 3 §5.1): the browser turns JSON into its own types and back.
import { api, ask } from "~/lib/api/client";

/** Whether this browser can. */
export const passkeysWork = (): boolean =>
  typeof PublicKeyCredential !== "undefined" && "parseRequestOptionsFromJSON" in PublicKeyCredential;

/** Asks the authenticator; false when the person thought better of it. */
export async function signInWithPasskey(): Promise<boolean> {
  const { ceremony, options } = await ask(api.POST("/api/v1/auth/passkeys/login/options"));
  const asked = options as { publicKey?: PublicKeyCredentialRequestOptionsJSON };
  const json = asked.publicKey ?? (options as unknown as PublicKeyCredentialRequestOptionsJSON);
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(json);
  const credential = await navigator.credentials.get({ publicKey }).catch((error: unknown) => {
    if (error instanceof DOMException && error.name === "NotAllowedError") return null;
    throw error;
  });
  if (!(credential instanceof PublicKeyCredential)) return false;
  await ask(api.POST("/api/v1/auth/passkeys/login", { body: { ceremony, passkey: credential.toJSON() as Record<string, never> } }));
  return true;
}
