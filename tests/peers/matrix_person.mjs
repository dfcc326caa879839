// A person at a Matrix client that is not ours: matrix-js-sdk with its Rust crypto, driven by lines of JSON.
//
// Knows the SDK. A line on stdin is a call {id, call, args}; a line on stdout is its answer {id, result} or {id, error},
// or what this client saw {push, room, ...}. Ends when stdin does. Must not know what is tested.

import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const MEGOLM = { algorithm: "m.megolm.v1.aes-sha2" };
// As many as Synapse gives at once: whoever comes online again sees what was said meanwhile, without scrolling.
const LIMIT = 100;

if (Number(process.versions.node.split(".")[0]) < 20) {
    process.stderr.write(`the Matrix tests need Node.js 20 or newer, then \`make install-tests\`; this is ${process.version}\n`);
    process.exit(1);
}
// Whatever the SDK has to say would stand between our lines.
for (const method of ["trace", "debug", "log", "info", "warn", "error"]) console[method] = () => {};
process.on("unhandledRejection", (error) => process.stderr.write(`${error?.stack ?? error}\n`));

const library = (path) => import(pathToFileURL(join(process.argv[2], "matrix-js-sdk", "lib", path)));
const sdk = await library("index.js");
const { EventShieldColour, EventShieldReason, OnlySignedDevicesIsolationMode } = await library("crypto-api/index.js");

let client;
let online = true;
let connection = new AbortController();
let line = Promise.resolve();

function write(value) {
    process.stdout.write(`${JSON.stringify(value)}\n`);
}

// Says what was seen in the order in which it was seen; `make` may take its time or return nothing.
function tell(make) {
    line = line.then(make).then(
        (value) => value && write(value),
        (error) => process.stderr.write(`${error.stack}\n`),
    );
}

function request(resource, options = {}) {
    if (!online) return Promise.reject(new TypeError("this person is offline"));
    const signals = [connection.signal, options.signal].filter(Boolean);
    return fetch(resource, { ...options, signal: AbortSignal.any(signals) });
}

function happens(event, holds) {
    return new Promise((resolve) => {
        const look = () => {
            if (!holds()) return;
            client.off(event, look);
            resolve();
        };
        client.on(event, look);
        look();
    });
}

function watch() {
    const rooms = new WeakMap();
    client.on(sdk.RoomEvent.Timeline, show);
    client.on(sdk.MatrixEventEvent.Decrypted, show);
    client.on(sdk.MatrixEventEvent.Replaced, show);
    client.on(sdk.RoomEvent.Redaction, (redaction, room) => show(room.findEventById(redaction.event.redacts)));
    client.on(sdk.RoomStateEvent.Events, (event) => {
        const [room, type, key, content] = [event.getRoomId(), event.getType(), event.getStateKey(), event.getContent()];
        tell(() => ({ push: "state", room, type, key, content }));
    });
    client.on(sdk.RoomMemberEvent.Typing, (_, { roomId, userId, typing }) => {
        tell(() => ({ push: "typing", room: roomId, user: userId, on: typing }));
    });
    // The SDK makes receipts up for whoever says something. Real ones, and they alone, are told as events as well.
    client.on(sdk.RoomEvent.Receipt, (event, room) => rooms.set(event, room.roomId));
    client.on(sdk.ClientEvent.Event, (event) => {
        if (event.getType() === "m.receipt") receipts(rooms.get(event), event.getContent());
    });
}

function receipts(room, content) {
    for (const [event, kinds] of Object.entries(content)) {
        for (const [user, { thread_id: thread }] of Object.entries(kinds["m.read"] ?? {})) {
            tell(() => ({ push: "read", room, user, event, thread: !thread || thread === "main" ? "" : thread }));
        }
    }
}

function show(event) {
    if (event && !event.isState()) tell(() => describe(event));
}

// What a client draws for an event: nothing for an edit, as the message that it replaces is drawn anew.
async function describe(event) {
    await client.decryptEventIfNeeded(event);
    const [type, relation, content] = [event.getType(), event.getRelation(), event.getContent()];
    const redacted = event.isRedacted() || event.localRedactionEvent() !== null;
    const seen = { room: event.getRoomId(), id: event.getId(), sender: event.getSender(), redacted };
    if (type === "m.reaction") return { push: "reaction", ...seen, event: relation?.event_id, key: relation?.key };
    if (relation?.rel_type === "m.replace" || !["m.room.message", "m.room.encrypted", "m.sticker"].includes(type)) return null;
    const failure = event.decryptionFailureReason;
    const readable = !failure && (redacted || type !== "m.room.encrypted");
    return {
        push: "message",
        ...seen,
        content: readable && !redacted ? content : {},
        thread: relation?.rel_type === "m.thread" ? relation.event_id : "",
        reply_to: relation?.is_falling_back ? "" : (event.getWireContent()["m.relates_to"]?.["m.in_reply_to"]?.event_id ?? ""),
        edited: readable && !redacted && event.replacingEvent() !== null,
        encrypted: event.isEncrypted(),
        readable,
        why: failure ?? (readable ? await warning(event) : ""),
        at: event.getTs() / 1000,
    };
}

async function warning(event) {
    const info = event.isEncrypted() ? await client.getCrypto().getEncryptionInfoForEvent(event) : null;
    return info && info.shieldColour !== EventShieldColour.NONE ? EventShieldReason[info.shieldReason] : "";
}

async function signIn(user, password) {
    const identifier = { type: "m.id.user", user };
    await client.getCrypto().bootstrapCrossSigning({
        setupNewCrossSigning: true,
        authUploadDeviceSigningKeys: async (upload) => {
            try {
                return await upload(null);
            } catch (error) {
                if (error.httpStatus !== 401) throw error;
                return upload({ type: "m.login.password", identifier, password, session: error.data.session });
            }
        },
    });
}

// Until then nobody could encrypt for this device.
async function keysArePublished(user, device) {
    const known = async () => (await client.downloadKeysForUsers([user])).device_keys[user]?.[device];
    while (!(await known())) await new Promise((resolve) => setTimeout(resolve, 20));
}

// Sending before the client has heard of the room's encryption would send in the clear; before it has heard of who is
// invited, without a key for them.
async function joined(room, others = []) {
    const here = () => client.getRoom(room)?.getMyMembership() === "join";
    await happens(sdk.ClientEvent.Sync, () => here() && others.every((user) => client.getRoom(room).getMember(user)));
    return room;
}

async function send(room, sending) {
    try {
        return (await sending).event_id;
    } catch (error) {
        // Otherwise the SDK holds back all that comes after it.
        const failed = client.getRoom(room)?.getPendingEvents().filter((event) => event.status === sdk.EventStatus.NOT_SENT);
        failed?.forEach((event) => client.cancelPendingEvent(event));
        throw error;
    }
}

async function upload(room, name, mimetype, data) {
    if (!client.getRoom(room)?.hasEncryptionStateEvent()) {
        return { url: (await client.uploadContent(new Blob([data]), { name, type: mimetype })).content_uri };
    }
    const [key, iv] = [randomBytes(32), Buffer.concat([randomBytes(8), Buffer.alloc(8)])];
    const cipher = createCipheriv("aes-256-ctr", key, iv);
    const hidden = Buffer.concat([cipher.update(data), cipher.final()]);
    const options = { type: "application/octet-stream", includeFilename: false };
    const url = (await client.uploadContent(new Blob([hidden]), options)).content_uri;
    const jwk = { kty: "oct", key_ops: ["encrypt", "decrypt"], alg: "A256CTR", k: key.toString("base64url"), ext: true };
    const unpadded = (bytes) => bytes.toString("base64").replace(/=+$/, "");
    const sha256 = unpadded(createHash("sha256").update(hidden).digest());
    return { file: { v: "v2", url, key: jwk, iv: unpadded(iv), hashes: { sha256 } } };
}

async function download({ url, file }) {
    const place = client.mxcUrlToHttp(file?.url ?? url, undefined, undefined, undefined, false, true, true);
    const answer = await request(place, { headers: { Authorization: `Bearer ${client.getAccessToken()}` } });
    if (!answer.ok) throw Object.assign(new Error(`the file is refused: ${answer.status}`), await answer.json());
    const data = Buffer.from(await answer.arrayBuffer());
    if (!file) return data;
    const expected = Buffer.from(file.hashes.sha256, "base64");
    if (!createHash("sha256").update(data).digest().equals(expected)) throw new Error("the file is not what its hash says");
    const cipher = createDecipheriv("aes-256-ctr", Buffer.from(file.key.k, "base64url"), Buffer.from(file.iv, "base64"));
    return Buffer.concat([cipher.update(data), cipher.final()]);
}

const calls = {
    async login({ url, user, device, token, password, strict }) {
        client = sdk.createClient({ baseUrl: url, userId: user, deviceId: device, accessToken: token, fetchFn: request });
        await client.initRustCrypto({ useIndexedDB: false });
        if (strict) client.getCrypto().setDeviceIsolationMode(new OnlySignedDevicesIsolationMode());
        watch();
        const filter = new sdk.Filter(user);
        filter.setTimelineLimit(LIMIT);
        await client.startClient({ initialSyncLimit: LIMIT, filter, pendingEventOrdering: sdk.PendingEventOrdering.Detached });
        await happens(sdk.ClientEvent.Sync, () => client.isInitialSyncComplete());
        if (strict) await signIn(user, password);
        await keysArePublished(user, device);
    },
    async open({ users, encrypted, direct }) {
        const encryption = { type: "m.room.encryption", state_key: "", content: MEGOLM };
        const preset = direct ? "trusted_private_chat" : "private_chat";
        const initial_state = encrypted ? [encryption] : [];
        return joined((await client.createRoom({ preset, is_direct: direct, invite: users, initial_state })).room_id, users);
    },
    join: async ({ room }) => joined((await client.joinRoom(room)).roomId),
    // What is done to a member: invite, kick or ban; or leave, by this person.
    member: ({ how, room, user }) => client[how](room, user),
    async encrypt({ room }) {
        await client.sendStateEvent(room, "m.room.encryption", MEGOLM, "");
        await happens(sdk.ClientEvent.Sync, () => client.getRoom(room).hasEncryptionStateEvent());
    },
    send: ({ room, type, content }) => send(room, client.sendEvent(room, null, type, content)),
    redact: ({ room, event }) => send(room, client.redactEvent(room, event)),
    upload: ({ room, name, mime, data }) => upload(room, name, mime, Buffer.from(data, "base64")),
    fetch: async ({ room, event }) =>
        (await download(client.getRoom(room).findEventById(event).getContent())).toString("base64"),
    async offline() {
        online = false;
        connection.abort(new TypeError("this person went offline"));
        await happens(sdk.ClientEvent.Sync, () => ["RECONNECTING", "ERROR"].includes(client.getSyncState()));
    },
    async online() {
        if (!online) connection = new AbortController();
        online = true;
        client.retryImmediately();
        await happens(sdk.ClientEvent.Sync, () => client.getSyncState() === "SYNCING");
    },
};

async function answer({ id, call, args }) {
    try {
        // The SDK would try on and on, and say it when nobody expects it any more.
        if (!online && call !== "online") throw new sdk.ConnectionError("this person is offline");
        const result = (await calls[call](args)) ?? null;
        // What the call made visible is told before it is done.
        await line;
        write({ id, result });
    } catch (error) {
        write({ id, error: { code: error.errcode ?? error.name, message: error.message } });
    }
}

createInterface({ input: process.stdin })
    .on("line", (text) => answer(JSON.parse(text)))
    .on("close", () => process.exit(0));
