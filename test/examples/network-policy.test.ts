import { readFileSync } from 'node:fs';
import { BlockList, isIPv6 } from 'node:net';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

interface Selector {
  readonly matchLabels: Readonly<Record<string, string>>;
}
interface Peer {
  readonly namespaceSelector?: Selector;
  readonly podSelector?: Selector;
  readonly ipBlock?: { readonly cidr: string; readonly except: readonly string[] };
}
interface Rule {
  readonly from?: readonly Peer[];
  readonly to?: readonly Peer[];
  readonly ports: readonly { readonly protocol: string; readonly port: number }[];
}
interface Policy {
  readonly apiVersion: string;
  readonly kind: string;
  readonly spec: {
    readonly podSelector: Selector;
    readonly policyTypes: readonly string[];
    readonly ingress: readonly Rule[];
    readonly egress: readonly Rule[];
  };
}

const page = readFileSync(new URL('../../docs/operate.md', import.meta.url), 'utf8');
const policy = parse(/^```yaml network-policy\n([\s\S]*?)^```$/m.exec(page)?.[1] ?? '') as Policy;
const { ingress, egress } = policy.spec;

function contains(cidr: string, address: string): boolean {
  const [network = '', prefix] = cidr.split('/');
  const family = (text: string): 'ipv4' | 'ipv6' => (isIPv6(text) ? 'ipv6' : 'ipv4');
  if (family(network) !== family(address)) return false;
  const list = new BlockList();
  list.addSubnet(network, Number(prefix), family(network));
  return list.check(address, family(address));
}

/** Whether the policy lets the server connect to an address outside of the cluster's labels. */
function letsOutTo(address: string, port: number): boolean {
  return egress.some(
    ({ to = [], ports }) =>
      ports.some((one) => one.port === port && one.protocol === 'TCP') &&
      to.some(({ ipBlock }) => {
        if (ipBlock === undefined || !contains(ipBlock.cidr, address)) return false;
        return !ipBlock.except.some((inner) => contains(inner, address));
      }),
  );
}

describe('the NetworkPolicy of the guide', () => {
  it('is about the server, in both directions, so that what it does not name is refused', () => {
    expect([policy.apiVersion, policy.kind]).toEqual(['networking.k8s.io/v1', 'NetworkPolicy']);
    expect(policy.spec.podSelector).toEqual({ matchLabels: { app: 'mxcp' } });
    expect(policy.spec.policyTypes).toEqual(['Ingress', 'Egress']);
  });

  it('lets only the gateway in, at the port of the server', () => {
    expect(ingress).toEqual([
      {
        from: [
          {
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'gateway' } },
            podSelector: { matchLabels: { app: 'gateway' } },
          },
        ],
        ports: [{ protocol: 'TCP', port: 8000 }],
      },
    ]);
  });

  it('lets out to names, providers and Redis, and to nothing inside of the cluster', () => {
    const peers = egress.flatMap(({ to = [], ports }) =>
      to.flatMap(
        ({ podSelector }) => podSelector && [[podSelector.matchLabels, ports.map(({ port }) => port)]],
      ),
    );
    expect(peers.filter((peer) => peer !== undefined)).toEqual([
      [{ 'k8s-app': 'kube-dns' }, [53, 53]],
      [{ app: 'redis' }, [6379]],
    ]);
    expect(egress.every(({ to, ports }) => (to ?? []).length > 0 && ports.length > 0)).toBe(true);
    for (const address of ['140.82.112.3', '2606:50c0:8000::153']) {
      expect(letsOutTo(address, 443)).toBe(true);
      for (const port of [22, 80, 5432, 6379]) expect(letsOutTo(address, port)).toBe(false);
    }
    const inside = ['10.0.0.1', '172.31.255.1', '192.168.1.1', '169.254.169.254', '100.64.0.1', '127.0.0.1'];
    for (const address of [...inside, '::1', 'fd00:ec2::254', 'fe80::1'])
      expect(letsOutTo(address, 443), address).toBe(false);
  });
});
