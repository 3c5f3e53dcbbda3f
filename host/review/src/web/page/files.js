'use strict';
// What is known of the review, and the list of files. Only rows in sight are on the page.
const R = { edition: 0, sessions: [], tab: 0, item: -1, hunk: 1, split: false, filter: '', others: [] };
const $ = id => document.getElementById(id);
// Everything from the workspace goes through textContent: it is never parsed as markup.
function el(tag, attrs, ...kids) {
  const e = document.createElement(tag);
  for (const [k, v] of Object.entries(attrs || {})) if (v !== null && v !== undefined && v !== false) e.setAttribute(k, v === true ? '' : v);
  e.append(...kids.flat().filter(kid => kid !== null && kid !== undefined && kid !== false));
  return e;
}
const session = () => R.sessions[R.tab];
const current = () => session() && session().items[R.item];
const num = n => n.toLocaleString('en');
const plural = (n, word) => num(n) + ' ' + word + (n === 1 ? '' : 's');

// How much is taken. `accept` is as in a document of decisions: true, false, or hunks and lines of hunks.
const part = (accept, hunk) => Array.isArray(accept) ? accept.find(p => p === hunk || p.hunk === hunk) : undefined;
const markOf = accept => accept === true ? 'true' : accept === false || !accept.length ? 'false' : 'mixed';
function hunkMark(accept, hunk) {
  if (accept === true) return 'true';
  const p = part(accept, hunk);
  return p === undefined ? 'false' : typeof p === 'number' ? 'true' : 'mixed';
}
function lineTaken(accept, hunk, line) {
  if (accept === true) return true;
  const p = part(accept, hunk);
  return p !== undefined && (typeof p === 'number' || p.lines.includes(line));
}
const SIGN = { true: '✓', false: '○', mixed: '◐' };
const WORD = { true: 'taken', false: 'left', mixed: 'taken in part' };
function markButton(mark, what, click) {
  const b = el('button', { type: 'button', class: 'mark', 'aria-pressed': mark, 'aria-label': what + ', ' + WORD[mark], title: mark === 'true' ? 'Leave ' + what : 'Take ' + what }, SIGN[mark]);
  b.onclick = () => click(mark !== 'true');
  return b;
}

const ROW = 28;
let shownItems = [], rows = [];
/** Which files are shown, with a heading for each directory. */
function arrange() {
  const s = session(), filter = R.filter.toLowerCase(), marks = { '✓': 'true', '○': 'false', '◐': 'mixed' };
  shownItems = []; rows = [];
  if (!s) return;
  let dir = '';
  s.items.forEach((item, at) => {
    if (item.scope && !R.others[R.tab]) return;
    if (filter === '!' ? !item.risks.length : marks[filter] ? markOf(item.accept) !== marks[filter] : filter && !item.path.toLowerCase().includes(filter)) return;
    const cut = item.path.lastIndexOf('/') + 1, above = item.path.slice(0, cut);
    if (above !== dir) { dir = above; rows.push({ dir: above || './' }); }
    shownItems.push(at);
    rows.push({ at, name: item.path.slice(cut), depth: cut > 0 });
  });
}
function fileRow(row) {
  const item = session().items[row.at], mark = markOf(item.accept);
  const e = el('div', { class: 'row file' + (row.at === R.item ? ' here' : '') + (item.scope ? ' out' : ''), 'aria-current': row.at === R.item ? 'true' : null, 'data-item': row.at },
    markButton(mark, item.path, take => put({ item: row.at, take })),
    el('span', { class: 'letter ' + item.letter, title: item.status }, item.letter),
    el('span', { class: 'name', title: item.path + (item.was ? ', was ' + item.was : '') }, row.name),
    item.risks.length ? el('span', { class: 'warn', title: item.risks.join(', '), 'aria-label': 'risk: ' + item.risks.join(', ') }, '!') : null,
    item.stale ? el('span', { class: 'warn' }, 'changed') : null,
    item.stats ? el('span', { class: 'count' }, item.stats) : null);
  e.onclick = event => { if (!event.target.closest('button')) choose(row.at); };
  return e;
}
function drawFiles() {
  const box = $('files'), from = Math.max(0, Math.floor(box.scrollTop / ROW) - 5), to = Math.min(rows.length, Math.ceil((box.scrollTop + box.clientHeight) / ROW) + 5);
  const spacer = el('div', {});
  spacer.style.height = rows.length * ROW + 'px';
  const shown = rows.slice(from, to).map((row, i) => {
    const e = row.dir !== undefined ? el('div', { class: 'row dir' }, el('span', {}, el('bdi', {}, row.dir))) : fileRow(row);
    e.style.top = (from + i) * ROW + 'px';
    return e;
  });
  if (!rows.length) shown.push(el('p', { class: 'fill' }, session() && session().items.length ? 'Nothing to show.' : 'Nothing changed.'));
  box.replaceChildren(spacer, ...shown);
}
function fileInSight() {
  const box = $('files'), at = rows.findIndex(row => row.at === R.item);
  if (at < 0) return;
  if ((at - 1) * ROW < box.scrollTop) box.scrollTop = (at - 1) * ROW;
  if ((at + 2) * ROW > box.scrollTop + box.clientHeight) box.scrollTop = (at + 2) * ROW - box.clientHeight;
}
$('files').addEventListener('scroll', () => requestAnimationFrame(drawFiles));
addEventListener('resize', () => requestAnimationFrame(drawFiles));
