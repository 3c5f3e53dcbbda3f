'use strict';
// Asking the server, keys, questions. Addresses are relative: the token is in the page's own.
const ALIVE_MS = 60000;
let over = false;
async function ask(question, body) {
  try {
    const r = await fetch('api/' + question, body === undefined ? {} : { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
    const told = await r.json();
    if (r.status === 409) { await load(); say(told.error + '.', true); }
    return told;
  } catch (e) {
    if (!over) ended('The review is no longer served', 'Your decisions are kept. The command that served this page can be run again.');
    return { error: 'The review is no longer served.' };
  }
}
function say(text, bad) { const n = $('notice'); n.textContent = text || ''; n.classList.toggle('bad', !!bad); }

// One order after the other, so that quick keys arrive in their order.
let queue = Promise.resolve();
const order = (name, body) => (queue = queue.then(() => over ? { error: 'over' } : ask(name, { edition: R.edition, ...body })));
function learn(tab, told) {
  if (told.error) { say(told.error, true); return false; }
  const s = R.sessions[tab];
  s.tally = told.tally;
  for (const [at, accept] of told.accepts) { s.items[at].accept = accept; s.items[at].stale = false; }
  drawTally(); drawFiles(); drawMarks();
  return true;
}
async function put(what) { const tab = R.tab; if (learn(tab, await order('put', { tab, ...what }))) say(''); }
async function all(take) {
  const tab = R.tab;
  if (learn(tab, await order('all', { tab, take }))) say(take ? 'Everything in scope is taken. Nothing is applied yet.' : 'Everything is left.');
}

function drawTally() {
  const s = session(), t = s.tally;
  $('tally').textContent = t.taken + ' of ' + plural(t.total, 'file') + ' taken' + (t.partly ? ', ' + t.partly + ' in part' : '') + (s.unreadable ? ', ' + s.unreadable + ' can’t be compared' : '');
  const hidden = s.items.filter(i => i.scope).length, b = $('others');
  b.hidden = !hidden;
  b.textContent = (R.others[R.tab] ? 'Hide ' : 'Show ') + num(hidden);
  b.title = 'Changes out of scope, or ignored by git (o)';
}
function drawSessions() {
  document.title = 'Review ' + R.sessions.map(s => s.label).join(', ');
  $('sessions').replaceChildren(...R.sessions.map((s, tab) => {
    const b = el('button', { type: 'button', 'aria-current': tab === R.tab ? 'true' : 'false', title: s.id }, s.label);
    b.onclick = () => turn(tab);
    return b;
  }));
}
function turn(tab) {
  const path = current() && current().path;
  R.tab = (tab + R.sessions.length) % R.sessions.length;
  arrange(); drawSessions(); drawTally();
  const same = session().items.findIndex(i => i.path === path);
  choose(isShown(same) ? same : firstShown());
}
const isShown = item => item >= 0 && shownItems.includes(item);
const firstShown = () => shownItems.length ? shownItems[0] : -1;
function choose(item) {
  [R.item, R.hunk] = [item, 1];
  fileInSight(); drawFiles();
  return drawFile();
}
function step(by) {
  const list = shownItems, at = list.indexOf(R.item), to = Math.min(Math.max(0, at + by), list.length - 1);
  if (to !== at && to >= 0) choose(list[to]);
}
function rearrange() { arrange(); if (!isShown(R.item)) choose(firstShown()); else { fileInSight(); drawFiles(); } }
function showOthers() { R.others[R.tab] = !R.others[R.tab]; drawTally(); rearrange(); }
async function load(fresh) {
  const told = fresh || await ask('desk');
  if (told.error) return;
  const path = current() && current().path;
  [R.edition, R.sessions] = [told.edition, told.sessions];
  R.tab = Math.min(R.tab, R.sessions.length - 1);
  // What was taken earlier is never out of sight.
  R.others = R.sessions.map((s, i) => R.others[i] || s.items.every(x => x.scope) || s.items.some(x => x.scope && markOf(x.accept) !== 'false'));
  arrange(); drawSessions(); drawTally();
  const same = session().items.findIndex(i => i.path === path);
  await choose(isShown(same) ? same : firstShown());
}

// Questions.
function question(title, body, buttons) {
  const d = $('dialog');
  $('dialog-title').textContent = title;
  $('dialog-body').replaceChildren(...body);
  $('dialog-tools').replaceChildren(...buttons.map(([text, cls, act]) => {
    const b = el('button', { type: 'button', class: cls }, text);
    b.onclick = () => { d.close(); if (act) act(); };
    return b;
  }));
  d.dataset.over = '';
  if (!d.open) d.showModal();
  const main = $('dialog-tools').querySelector('.main') || $('dialog-tools').lastElementChild;
  if (main) main.focus();
}
const list = (pairs, sign, cls) => el('ul', {}, pairs.slice(0, 2000).map(([path, word]) => el('li', {}, el('span', { class: cls }, sign + ' '), path, ' ', el('span', { class: 'soft' }, word))), pairs.length > 2000 ? el('li', { class: 'soft' }, 'and ' + num(pairs.length - 2000) + ' more') : null);
async function summary(merge) {
  say('');
  const told = await order('preview', { merge: !!merge });
  if (told.error) return say(told.error, true);
  show(told.preview);
}
function show(p) {
  const body = [];
  if (p.conflicts.length) body.push(el('p', { class: 'risk' }, plural(p.conflicts.length, 'path') + ' can’t be applied as they are:'), list(p.conflicts, '✗', 'minus'));
  else if (p.applied.length) body.push(el('p', {}, 'This writes ' + plural(p.applied.length, 'path') + ' into the project' + (p.merge ? ', merged with what the project holds by now' : '') + ':'), list(p.applied, '✓', 'plus'));
  if (p.risks.length) body.push(el('p', { class: 'risk' }, 'Look twice:'), list(p.risks, '!', 'warn'));
  if (p.left) body.push(el('p', { class: 'soft' }, plural(p.left, 'change') + ' left in the session.'));
  const back = ['Back', '', null];
  if (p.conflicts.length && !p.merge) question('Nothing was changed', body, [back, ['Merge both sides', 'main', () => summary(true)]]);
  else if (p.conflicts.length) question('They can’t be merged', [...body, el('p', {}, 'Nothing was changed. Leave them, or edit them.')], [back]);
  else if (!p.applied.length) question('There is nothing to apply', body, [back]);
  else question('Apply?', body, [back, ['Apply', 'main', () => apply(p.merge)]]);
}
async function apply(merge) {
  const told = await order('apply', { merge });
  if (told.preview) return show(told.preview);
  if (told.error) return say(told.error, true);
  ended('Applied', plural(told.paths, 'path') + ' in the project changed. massgen isolate undo brings it back as it was.');
}
function ended(title, text) {
  over = true;
  question(title, [el('p', {}, text), el('p', { class: 'soft' }, 'This page can be closed.')], []);
  $('dialog').dataset.over = 'yes';
  say(title + '.');
}
async function leave() { const told = await order('leave', {}); if (told.ended) ended('Left', 'Your decisions are kept, and nothing was applied.'); }
function askDiscard() {
  const s = session(), tab = R.tab;
  question('Discard the session ' + s.label + '?', [el('p', {}, 'Its workspace is archived, and nothing of it is applied. massgen isolate restore ' + s.id + ' brings it back.')], [['Back', 'main', null], ['Discard', 'bad', async () => {
    const told = await order('discard', { tab });
    if (told.error) return say(told.error, true);
    ended('Discarded', 'The session is archived. massgen isolate restore ' + s.id + ' brings it back.');
  }]]);
}
async function refresh() { const told = await order('refresh', {}); if (told.error) return say(told.error, true); await load(told); say('The files were read again.'); }
function split() { R.split = !R.split; $('layout').firstChild.data = R.split ? 'One column ' : 'Two columns '; drawFile(); }
const HELP = [['↑ ↓', 'the file before, the next one (also k j)'], ['space', 'take or leave the whole file'], ['[ ]', 'the hunk before, the next one'], ['h', 'take or leave the hunk at the cursor'], ['a', 'take everything in scope'], ['r', 'leave everything'], ['Enter', 'show what will happen, and ask'], ['y', 'when asked: apply'], ['q', 'leave the review: decisions are kept, nothing is applied'], ['s', 'one column or two'], ['z', 'fold or unfold'], ['f /', 'show only paths that hold a text; ! ✓ ○ ◐ for risks and marks'], ['o', 'show what is out of scope or ignored by git'], ['1 … 9', 'the sessions, when there are several'], ['D', 'discard the session: archive it, nothing is lost'], ['Esc', 'close what is open'], ['?', 'this help']];
const help = () => question('Keys', [el('dl', {}, HELP.flatMap(([k, t]) => [el('dt', {}, el('kbd', {}, k)), el('dd', {}, t)])), el('p', { class: 'soft' }, 'A click on the sign beside a changed line takes that line alone.')], [['Back', 'main', null]]);
function toggleHunk() {
  const item = current();
  if (!item) return;
  if (!F || !F.hunks) return put({ item: R.item, take: markOf(item.accept) !== 'true' });
  put({ item: R.item, hunk: R.hunk, take: hunkMark(item.accept, R.hunk) !== 'true' });
}
const KEYS = {
  ArrowUp: () => step(-1), k: () => step(-1), ArrowDown: () => step(1), j: () => step(1),
  ' ': () => { const item = current(); if (item) put({ item: R.item, take: markOf(item.accept) !== 'true' }); },
  '[': () => stand(R.hunk - 1, true), ']': () => stand(R.hunk + 1, true), h: toggleHunk,
  a: () => all(true), r: () => all(false), Enter: () => summary(false), q: leave, s: split, z: unfold, o: showOthers, D: askDiscard, '?': help,
  f: () => $('filter').focus(), '/': () => $('filter').focus(),
  PageDown: () => $('pane').scrollBy(0, $('pane').clientHeight * .9), PageUp: () => $('pane').scrollBy(0, -$('pane').clientHeight * .9),
  Home: () => { $('pane').scrollTop = 0; }, End: () => { $('pane').scrollTop = 1e9; },
};
addEventListener('keydown', event => {
  if (event.ctrlKey || event.metaKey || event.altKey || over && event.key !== 'Tab') return;
  if ($('dialog').open) {
    if (event.key === 'y') { event.preventDefault(); const b = $('dialog-tools').querySelector('.main'); if (b && b.textContent === 'Apply') b.click(); }
    return;
  }
  if (event.target === $('filter')) {
    if (event.key === 'Escape') { $('filter').value = ''; filtered(); }
    if (event.key === 'Escape' || event.key === 'Enter' || event.key === 'ArrowDown') { event.preventDefault(); $('pane').focus(); }
    return;
  }
  if (event.key === 'Escape') return menu(false);
  if ((event.key === ' ' || event.key === 'Enter') && event.target.closest('button, a')) return;
  const digit = Number(event.key) - 1;
  const act = KEYS[event.key] || (R.sessions.length > 1 && digit >= 0 && digit < R.sessions.length ? () => turn(digit) : null);
  if (!act) return;
  event.preventDefault();
  act();
});
$('dialog').addEventListener('cancel', event => { if ($('dialog').dataset.over) event.preventDefault(); });
function filtered() { R.filter = $('filter').value; rearrange(); }
$('filter').addEventListener('input', filtered);
function menu(open) { $('menu').hidden = !open; $('more').setAttribute('aria-expanded', open); }
$('more').onclick = event => { event.stopPropagation(); menu($('menu').hidden); };
addEventListener('click', event => {
  menu(false);
  // What was clicked must not take the next key for itself; what was pressed by a key stays where the focus is.
  if (event.detail && event.target.closest('button, .row') && !$('dialog').open) $('pane').focus({ preventScroll: true });
});
for (const [id, act] of [['all', () => all(true)], ['none', () => all(false)], ['ask', () => summary(false)], ['layout', split], ['refresh', refresh], ['keys', help], ['leave', leave], ['discard', askDiscard], ['others', showOthers]]) $(id).onclick = act;
setInterval(() => { if (!over) ask('alive'); }, ALIVE_MS);
load().then(() => $('pane').focus());
