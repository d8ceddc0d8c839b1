// Passkeys: making one and signing in with it (WebAuthn level 3 §5.1): the browser turns JSON into its own types and back.
import { api, ask, type Schemas } from "~/lib/api/client";

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

/** Makes a passkey for one's own account; null when the authenticator or the person would not. */
export async function createPasskey(proof: Schemas["Confirmation"], name: string): Promise<Schemas["Added"] | null> {
  const { ceremony, options } = await ask(api.POST("/api/v1/auth/passkeys/options", { body: proof }));
  const asked = options as { publicKey?: PublicKeyCredentialCreationOptionsJSON };
  if (!asked.publicKey) return null;
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(asked.publicKey);
  const credential = await navigator.credentials.create({ publicKey }).catch((error: unknown) => {
    // Unwilling, there already, or an address that browsers take none for, as those below `localhost`.
    if (error instanceof DOMException) return null;
    throw error;
  });
  if (!(credential instanceof PublicKeyCredential)) return null;
  return ask(api.POST("/api/v1/auth/passkeys", { body: { ceremony, name, passkey: credential.toJSON() as Record<string, never> } }));
}
