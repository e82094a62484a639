import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openMeter } from '../../../src/execute/typescript/process-meter.js';

describe.runIf(process.platform === 'linux')('what a process uses', () => {
  it('is read again at each question', () => {
    const meter = openMeter(process.pid);
    const [before, { user }] = [meter.processorMs() ?? NaN, process.cpuUsage()];
    while (process.cpuUsage().user - user < 50_000);
    expect(meter.processorMs()).toBeGreaterThanOrEqual(before + 30);
    expect(meter.residentBytes()).toBeGreaterThan(process.memoryUsage().heapUsed / 2);
    meter.close();
  });

  it('is not known of one that has ended, and nothing stays open', async () => {
    const open = (): number => readdirSync('/proc/self/fd').length;
    const child = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1e6)'], { stdio: 'ignore' });
    const before = open();
    const meter = openMeter(child.pid ?? 0);
    expect(meter.residentBytes()).toBeGreaterThan(0);
    expect(meter.processorMs()).toBeGreaterThanOrEqual(0);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(meter.residentBytes()).toBeUndefined();
    expect(meter.processorMs()).toBeUndefined();
    meter.close();
    expect(open()).toBeLessThanOrEqual(before);
    expect(meter.residentBytes()).toBeUndefined();
  });
});
