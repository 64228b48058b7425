// The official encoder of Walrus (its WASM build) behind three functions, and the sizes of what it fills.
import { BlobEncoder } from '@mysten/walrus-wasm';

export class Official {
  constructor(shards) {
    this.shards = shards;
    const faulty = Math.floor((shards - 1) / 3);
    this.rows = shards - 2 * faulty;
    this.columns = shards - faulty;
    this.encoder = new BlobEncoder(shards);
  }

  symbolBytes(blobBytes) {
    const least = Math.ceil(Math.max(blobBytes, 1) / (this.rows * this.columns));
    return least + (least % 2);
  }

  // 32 bytes.
  blobId(blob) {
    return Buffer.from(this.encoder.compute_metadata(blob)[0]);
  }

  // { blobId, metadata, primary, secondary }: metadata as nodes answer with it, slivers by their own number.
  encode(blob) {
    const symbol = this.symbolBytes(blob.length);
    const buffers = (symbols) =>
      Array.from({ length: this.shards }, () => new Uint8Array(sliverBytes(symbols * symbol)));
    const primary = buffers(this.columns);
    const byPair = buffers(this.rows);
    const [metadata] = this.encoder.encode(blob, primary, byPair);
    return {
      blobId: Buffer.from(metadata.blob_id),
      metadata: metadataBytes(metadata),
      primary,
      secondary: byPair.reverse(), // pair p has the secondary sliver n-1-p
    };
  }
}

function uleb(value) {
  const bytes = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  return Buffer.from([...bytes, value]);
}

function sliverBytes(dataBytes) {
  return uleb(dataBytes).length + dataBytes + 2 + 2; // symbol size, index
}

// The JavaScript form of BlobMetadataWithId, as BCS.
function metadataBytes({ blob_id, metadata }) {
  const { encoding_type, unencoded_length, hashes } = metadata.V1;
  if (encoding_type !== 'RS2') throw new Error(`unexpected encoding type ${encoding_type}`);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(unencoded_length));
  const node = (hash) => (hash === 'Empty' ? Buffer.from([0]) : Buffer.from([1, ...hash.Digest]));
  const pairs = hashes.flatMap((pair) => [node(pair.primary_hash), node(pair.secondary_hash)]);
  return Buffer.concat([Buffer.from(blob_id), Buffer.from([0, 1]), length, uleb(hashes.length), ...pairs]);
}
