// Drives the add-on's pages as an administrator would; run by test_pages_in_browser.py.
//
//     node pages.mjs URI SCREENSHOTS CHROMIUM < values.json
//
// Prints one JSON object: for each step, the text that the page showed. Whether it is the right text,
// and what was saved, is judged by the test.
import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";

const [uri, folder, executablePath] = process.argv.slice(2);
const values = JSON.parse(readFileSync(0, "utf8"));
const shown = { errors: [] };
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const page = await browser.newPage({ viewport: { width: 1300, height: 1100 }, reducedMotion: "reduce" });
page.setDefaultTimeout(30_000);
const requests = (shown.requests = []);
page.on("response", (r) => r.request().method() !== "GET" && requests.push(`${r.status()} ${r.request().method()} ${r.url().split("/").pop()}`));
page.on("pageerror", (error) => shown.errors.push(String(error)));

const form = () => page.locator('[data-test="modal"], [role="dialog"]').last();
const field = (name, root = page) => root.locator(`[data-name="${name}"]`);
const box = (name, root = page) => field(name, root).locator("input:visible, textarea:visible").first();
const open = (view) => page.goto(`${uri}/en-US/app/TA_flowtrap/${view}`, { waitUntil: "networkidle" });
const row = (name) => page.locator("tr:visible", { has: page.getByText(name, { exact: true }) }).first();

async function step(name, text) {
  await page.waitForTimeout(400); // the form moves in
  await page.screenshot({ path: `${folder}/${name}.png` });
  shown[name] = text;
}

async function enter(fields, root = page) {
  for (const [name, value] of Object.entries(fields)) await box(name, root).fill(value);
}

async function choose(name, label, root = page) {
  await field(name, root).locator('[role="combobox"], [data-test="select"]').first().click();
  await page.getByRole("option", { name: label, exact: true }).click();
}

const refusal = async (root = page) => {
  const told = root.locator('[data-test="message-bar"], [data-test-type="error"], [data-test="message"]');
  await told.first().waitFor();
  return told.first().innerText();
};

async function add() {
  await page.locator("button:visible", { hasText: /^Add$/ }).first().click();
  await form().waitFor();
}

const save = () => form().locator('[data-test="footer"] button, footer button').last().click();

async function saved(name) {
  await form().waitFor({ state: "hidden" });
  await row(name).waitFor();
  return row(name).innerText();
}

async function act(action, name) {
  await row(name).getByRole("button", { name: action }).click();
  await form().waitFor();
}

async function remove(name) {
  await act(/delete/i, name);
  await form().getByRole("button", { name: /delete/i }).click();
  await row(name).waitFor({ state: "detached" });
}

const succeeded = () => page.locator('[data-test="toast"]', { hasText: "Success" }).or(
  page.locator('svg title', { hasText: "Success" })).first().waitFor({ state: "attached" });

// A list that is still on its way when a row is added would take the row away again.
async function tab(name) {
  await page.getByRole("tab", { name, exact: true }).click();
  await page.waitForLoadState("networkidle");
}

async function proxy() {
  await tab("Proxy");
  const save = () => page.locator("button:visible", { hasText: "Save" }).last().click();
  await field("proxy_enabled").locator('button, [role="checkbox"], input').first().click();
  await save();
  await step("proxy_refused", await refusal());
  await enter(values.proxy);
  await save();
  await succeeded();
  await step("proxy_saved", "");
}

async function microsoft() {
  const { fields, secret, name } = values.microsoft;
  await open("configuration");
  await tab("Microsoft accounts");
  await add();
  await save();
  await step("microsoft_refused_by_page", await refusal(form()));
  await enter({ name, ...fields, client_secret: "not this one" }, form());
  await save();
  await form().getByText(/sign-in/).first().waitFor();
  await step("microsoft_refused_by_vendor", await refusal(form()));
  await enter({ client_secret: secret }, form());
  await save();
  await step("microsoft_added", await saved(name));
  await act(/edit/i, name);
  await step("microsoft_edited", await box("client_secret", form()).inputValue());
  await save();
  await saved(name);
}

async function google() {
  const { fields, key, name } = values.google;
  await open("configuration");
  await tab("Google accounts");
  await add();
  await enter({ name, ...fields, service_account_key: '{"type": "authorized_user"}' }, form());
  await save();
  await step("google_refused_by_server", await refusal(form()));
  await enter({ service_account_key: key, delegated_admin: "nobody@example.com" }, form());
  await save();
  await form().getByText(/sign-in/i).first().waitFor();
  await step("google_refused_by_vendor", await refusal(form()));
  await enter(fields, form());
  await save();
  await step("google_added", await saved(name));
  await act(/edit/i, name);
  await step("google_edited", await box("service_account_key", form()).inputValue());
  await save();
  await saved(name);
}

async function input(kind, title, account) {
  await open("inputs");
  await tab(title);
  await add();
  await enter({ name: "first", interval: "1" }, form());
  await choose("account", account, form());
  await save();
  await step(`${kind}_refused_by_page`, await refusal(form()));
  await enter({ interval: "600" }, form());
  await save();
  await step(`${kind}_added`, await saved("first"));
  await act(/edit/i, "first");
  await enter({ interval: "900" }, form());
  await save();
  await form().waitFor({ state: "hidden" });
  await row("first").getByText("900").waitFor();
  await step(`${kind}_edited`, await row("first").innerText());
  await remove("first");
  await step(`${kind}_deleted`, await page.locator(":text('No records found'):visible").first().innerText());
}

async function lists() {
  await open("configuration");
  await tab("Windows");
  await enter({ time_window: "10x" });
  await page.locator("button:visible", { hasText: "Save" }).last().click();
  await step("windows_refused", await refusal());
  await enter({ time_window: "48h" });
  await page.locator("button:visible", { hasText: "Save" }).last().click();
  await succeeded();
  await step("windows_saved", "");
  await tab("Lists");
  await add();
  await enter(values.entry, form());
  await choose("tunable", "role_scope", form());
  await save();
  await step("entry_added", await saved(values.entry.name));
  await remove(values.entry.name);
}

async function deleted(title, name) {
  await open("configuration");
  await tab(title);
  await remove(name);
}

try {
  await open("configuration");
  await proxy();
  await microsoft();
  await google();
  await input("flowtrap_m365", "Microsoft 365", values.microsoft.name);
  await input("flowtrap_workspace", "Google Workspace", values.google.name);
  await lists();
  await deleted("Microsoft accounts", values.microsoft.name);
  await deleted("Google accounts", values.google.name);
} catch (error) {
  shown.failed = `${error}; the form says: ${await form().innerText({ timeout: 1000 }).catch(() => "")}`;
  await page.screenshot({ path: `${folder}/failed.png` });
}
console.log(JSON.stringify(shown));
await browser.close();
