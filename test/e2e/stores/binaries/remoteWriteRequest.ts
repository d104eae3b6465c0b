/** One series with its samples: milliseconds and value. */
export interface WrittenSeries {
  labels: Record<string, string>;
  samples: [milliseconds: number, value: number][];
}

/** The body and headers of Prometheus' remote write 1.0. */
export const remoteWriteRequest = (series: readonly WrittenSeries[]): RequestInit => ({
  method: "POST",
  headers: {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
  },
  body: new Uint8Array(snappy(Buffer.concat(series.map((each) => bytes(1, timeSeries(each)))))),
});

function timeSeries({ labels, samples }: WrittenSeries): Buffer {
  const sorted = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return Buffer.concat([
    ...sorted.map(([name, value]) =>
      bytes(1, Buffer.concat([bytes(1, Buffer.from(name)), bytes(2, Buffer.from(value))])),
    ),
    ...samples.map(([at, value]) => bytes(2, sample(at, value))),
  ]);
}

function sample(at: number, value: number): Buffer {
  const double = Buffer.alloc(8);
  double.writeDoubleLE(value);
  return Buffer.concat([Buffer.from([(1 << 3) | 1]), double, Buffer.from([2 << 3]), varint(at)]);
}

/** A field of protobuf with a length. */
const bytes = (field: number, content: Buffer) =>
  Buffer.concat([Buffer.from([(field << 3) | 2]), varint(content.length), content]);

function varint(value: number): Buffer {
  const digits: number[] = [];
  let rest = value;
  while (rest >= 128) {
    digits.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  return Buffer.from([...digits, rest]);
}

const LITERAL = 65_536;

/** Snappy's block format, with literals alone: right, and no smaller. */
function snappy(content: Buffer): Buffer {
  const parts = [varint(content.length)];
  for (let at = 0; at < content.length; at += LITERAL) {
    const literal = content.subarray(at, at + LITERAL);
    const head = Buffer.alloc(3);
    head.writeUInt8(61 << 2);
    head.writeUInt16LE(literal.length - 1, 1);
    parts.push(head, literal);
  }
  return Buffer.concat(parts);
}
