// What the links in mails open, and the form that asks for one. A link's token stands behind the `#`, so that no server
// logs it. Nothing is sent before a button is pressed: programs that look into mails open links too.
import { byId, call, csrfToken, onSubmit, say, signedIn } from "./api.js";

const token = new URLSearchParams(location.hash.slice(1)).get("token") || "";
const form = byId("letter");

const forgot = {
  title: "Forgot your password?",
  hint: "Give the e-mail address of your account. If a member of this organization has it, we send a link to a new password.",
  field: "email",
  button: "Send the link",
  async send({ email }) {
    await call("POST", "/auth/forgot-password", { email });
    return "If the address is known here, a mail is on its way. Its link works for an hour.";
  },
};

const pages = {
  "/reset-password": {
    title: "Choose a new password",
    hint: "At least 10 characters. You will be signed out everywhere and sign in with the new password.",
    field: "password",
    button: "Change the password",
    again: { href: "/reset-password", text: "Ask for a new link" },
    check: () => call("POST", "/auth/validate-forgot-password-token", { token }),
    async send({ password }) {
      await call("POST", "/auth/reset-password", { token, password });
      return "Your password is changed.";
    },
  },
  "/register/confirm": {
    title: "Join the organization",
    hint: "If you have a Tenantry account, give its password. If not, choose one of at least 10 characters.",
    field: "password",
    button: "Join",
    async send({ password }) {
      const answer = await call("POST", "/auth/register/confirm", { token, password });
      if (answer.challenge) return "You are a member now. Sign in with your password and your second factor.";
      location.replace("/");
      return "You are a member now.";
    },
  },
  "/verify-email": {
    title: "Confirm your e-mail address",
    hint: "This tells us that the mail with the link reached you, and that the account is yours.",
    button: "Confirm the address",
    check: signInFirst,
    async send() {
      await signedIn("POST", "/auth/verify-email-token", { token });
      return "Your e-mail address is confirmed.";
    },
  },
  "/confirm-email": {
    title: "Change of e-mail address",
    hint: "The address of the account changes once both the present and the new address agree. If this was not you, " +
      "close this page and change your password.",
    button: "Agree to the change",
    async send() {
      const { changed } = await call("POST", "/auth/confirm-email", { token });
      if (changed) return "The account has the new address now.";
      return "This address agrees. Now open the link in the mail to the other address.";
    },
  },
};

// The link is good for the account's own session alone. The sign-in page leads back here, however one signs in.
async function signInFirst() {
  const refused = (error) => {
    if (error.status !== 401) throw error;
  };
  if (csrfToken() && await signedIn("GET", "/auth/me").catch(refused)) return;
  sessionStorage.setItem("verify-email", token);
  throw new Error("Sign in to the account of this address first; this page comes back then.");
}

const asked = pages[location.pathname];
const page = asked === pages["/reset-password"] && !token ? forgot : asked;

function show() {
  byId("title").textContent = page.title;
  byId("hint").textContent = page.hint;
  byId("send").textContent = page.button;
  const field = page.field && form.elements[page.field];
  if (field) {
    field.disabled = false;
    field.closest("label").hidden = false;
  }
  form.hidden = false;
  (field || byId("send")).focus();
}

// Ends the page with a text and a link that leads on.
function close(text, { href, text: word } = { href: "/", text: "Go to sign-in" }) {
  form.hidden = true;
  say(text);
  const next = byId("next");
  next.href = href;
  next.textContent = word;
  byId("on").hidden = false;
  next.focus();
}

onSubmit("letter", async (fields) => {
  try {
    close(await page.send(fields));
  } catch (error) {
    if (error.code !== "invalid_token") throw error;
    close(error.message, page.again);
  }
});

addEventListener("hashchange", () => location.reload());
document.title = `${page.title} · Tenantry`;
try {
  if (page !== forgot && !token) throw new Error("The link is not whole; copy all of it out of the mail.");
  await page.check?.();
  show();
} catch (error) {
  close(error.message, page.again);
}
