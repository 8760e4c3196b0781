// What a reader of the page does and sees, by the ids of www/index.html. Owns every selector that tests of the page use. Must not know which
// browser it is in, nor what is tested.
import { patience } from './page-lab.mjs';

/** Waits until the page is in one of these states; resolves with it. */
export async function inState(page, ...names) {
  await page.waitForFunction((wanted) => wanted.includes(document.body.dataset.state), patience, names);
  return page.evaluate(() => document.body.dataset.state);
}
export const text = (page, selector) => page.$eval(selector, (element) => element.textContent);
export const texts = (page, selector) => page.$$eval(selector, (elements) => elements.map((element) => element.textContent));

/** Puts a text into the field, as pasting does. */
export const enter = (page, value) => page.$eval('#source', (field, entered) => {
  field.value = entered;
  field.dispatchEvent(new Event('input', { bubbles: true }));
}, value);
export const atFullSpeed = (page) => page.select('#pace', '0');
export const run = async (page) => {
  await page.click('#run');
  await inState(page, 'running', 'completed', 'failed');
};
export const cancel = async (page) => {
  await page.click('#cancel');
  await inState(page, 'cancelled');
};
/** Stands still once so many characters of the draft are there; `release` lets it go on. */
export const hold = async (page, draftChars) => {
  await page.waitForFunction((wanted) => {
    if (document.querySelector('#draft').textContent.length < wanted) return false;
    harness.hold();
    return true;
  }, patience, draftChars);
};
export const release = (page) => page.evaluate(() => harness.release());
/** The page as it is after the events so far were drawn. */
export const drawn = (page) => page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve()))));

/** Picks a file with the page's own picker. */
export const pick = (page, content, name) => page.$eval('#file', (input, bytes, fileName) => {
  const files = new DataTransfer();
  files.items.add(new File([new Uint8Array(bytes)], fileName));
  input.files = files.files;
  input.dispatchEvent(new Event('change', { bubbles: true }));
}, [...Buffer.from(content)], name);
/** Drops a file somewhere on the page. */
export const drop = (page, content, name) => page.evaluate((bytes, fileName) => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([new Uint8Array(bytes)], fileName));
  document.querySelector('main h2').dispatchEvent(new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer }));
}, [...Buffer.from(content)], name);
