/**
 * Owns: the controls at the foot of the page: run, cancel, go on, the report in a line, the rewinding of steps.
 * Must not know: how a run goes, what other views show.
 * Invariant: the slider stands at the step that is looked at, and at its end while that is the present; a report never changes the height of the line.
 */

import { duration } from './event-text.js';

/** What the button for going on says, by how the session stands. */
const GO_ON = { elsewhere: 'Take over', stopped: 'Go on', cancelled: 'Resume', failed: 'Try again' };

export class Transport {
  #parts;
  #shown = '';

  /**
   * @param {{ run: HTMLButtonElement, cancel: HTMLButtonElement, goOn: HTMLButtonElement, status: HTMLElement, problem: HTMLElement, slider: HTMLInputElement, rewound: HTMLOutputElement, live: HTMLButtonElement }} parts
   * @param {{ onRun(): void, onCancel(): void, onGoOn(): void, onStep(step: number | null): void }} listener null is the present
   */
  constructor(parts, { onRun, onCancel, onGoOn, onStep }) {
    this.#parts = parts;
    const { run, cancel, goOn, slider, live } = parts;
    run.addEventListener('click', onRun);
    cancel.addEventListener('click', onCancel);
    goOn.addEventListener('click', onGoOn);
    live.addEventListener('click', () => {
      // The button goes off under the focus.
      slider.focus();
      onStep(null);
    });
    slider.addEventListener('input', () => onStep(Number(slider.value) === Number(slider.max) ? null : Number(slider.value)));
    addEventListener('keydown', (event) => {
      if (event.defaultPrevented) return;
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && !run.disabled) onRun();
      if (event.key === 'Escape' && !cancel.disabled) onCancel();
    });
  }

  /**
   * @param {{ phase: string, isReady: boolean, recording: import('../recording.js').Recording, step: number | null }} moment `phase`: of the page; `isReady`: the engine is there
   */
  show({ phase, isReady, recording, step }) {
    const { run, cancel, goOn, slider, rewound, live } = this.#parts;
    const last = recording.lastStep;
    const shown = [phase, isReady, last, step].join(' ');
    if (shown === this.#shown) return;
    this.#shown = shown;
    const isActive = phase === 'running' || phase === 'following';
    run.disabled = !isReady || phase === 'running';
    cancel.disabled = !isActive;
    const word = GO_ON[phase === 'following' ? 'elsewhere' : phase];
    // Focus that stood on a button that goes is kept on one that comes.
    const hadFocus = document.activeElement === goOn || document.activeElement === cancel;
    goOn.hidden = word === undefined;
    goOn.textContent = word ?? '';
    goOn.classList.toggle('primary', word !== undefined);
    run.classList.toggle('primary', word === undefined);
    if (hadFocus && (document.activeElement === document.body || document.activeElement.disabled)) (word === undefined ? (run.disabled ? cancel : run) : goOn).focus();
    slider.max = String(last);
    slider.disabled = last === 0;
    slider.value = String(step ?? last);
    const ran = recording.step(step ?? last)?.tasks[0]?.node;
    slider.setAttribute('aria-valuetext', step === 0 ? 'the input' : `step ${step ?? last} of ${last}${ran === undefined ? '' : `, ${ran}`}${step === null ? ', the present' : ''}`);
    rewound.textContent = last === 0 ? 'no step yet' : step === 0 ? `input, of ${last}` : `step ${step ?? last} of ${last}`;
    live.disabled = step === null;
  }

  /** One line on how it stands; told to screen readers. */
  report(text) {
    const { status } = this.#parts;
    if (status.textContent !== text) status.textContent = text;
  }

  /** One line that stays until it is taken back by ''. */
  showProblem(text) {
    const { status, problem } = this.#parts;
    problem.textContent = text;
    problem.hidden = text === '';
    status.hidden = text !== '';
  }
}

/** How a session stands, in a line. @param {string} phase @param {import('../recording.js').Recording} recording */
export function reportOf(phase, recording) {
  const step = recording.steps.at(-1);
  const after = `after ${recording.lastStep} step${recording.lastStep === 1 ? '' : 's'} and ${duration(recording.now)}`;
  switch (phase) {
    case 'loading': return 'Loading the engine …';
    case 'ready': return 'Ready.';
    case 'running': return step === undefined ? 'Running …' : `Step ${step.step}: ${namesOf(step)}`;
    case 'following': return `${isTaken(recording) ? 'Another tab has taken this over' : 'Another tab runs this'}; step ${step?.step ?? 0}${step === undefined ? '' : `: ${namesOf(step)}`}`;
    case 'stopped': return `Stopped ${after}.`;
    case 'completed': return `Done ${after}.`;
    case 'cancelled': return `Cancelled ${after}.`;
    default: return `Failed ${after}.`;
  }
}

/** Whether this tab's last run was ended by another one that went on. */
function isTaken({ executions }) {
  return executions.slice(-2).some(({ code }) => code === 'CHECKPOINT_CONFLICT');
}

function namesOf({ frontier }) {
  return [...new Set(frontier)].join(', ');
}
