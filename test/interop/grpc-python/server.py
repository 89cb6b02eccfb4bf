"""The C core of gRPC as server, by way of Python: gives back what it gets, by the same names as the one in grpc-go.

Usage: server.py ADDRESS. Prints its port when it listens.
"""

import asyncio
import sys

import grpc

SERVICE = "/interop.Echo/"
# The text of an error; what is not ASCII travels percent-encoded.
FAILURE = "it failed: ä 100 % – 事故\n"
LARGEST_MESSAGE = 8 * 1024 * 1024
LARGEST_METADATA = 64 * 1024

CODES = {code.value[0]: code for code in grpc.StatusCode}

# Streams that are open now.
active = 0


async def each(messages, context):
    async for message in messages:
        await context.write(message)


async def whole(messages, context):
    await context.write(b"".join([message async for message in messages]))


async def parts(messages, context):
    # Seven messages, the last of which is empty.
    async for message in messages:
        size = len(message) // 6 + 1
        for part in range(7):
            await context.write(message[part * size : (part + 1) * size])


async def count(_messages, context):
    # Without this call itself.
    await context.write(str(active - 1).encode())


async def wait(_messages, _context):
    await asyncio.Event().wait()


def missing(name):
    async def answer(_messages, context):
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, f"no method {name}")

    return answer


METHODS = {"Each": each, "Whole": whole, "Parts": parts, "Active": count, "Wait": wait}


def counted(run):
    async def handle(messages, context):
        global active
        active += 1
        try:
            sent = context.invocation_metadata()
            echoed = tuple((name, value) for name, value in sent if name.startswith("x-echo-"))
            await context.send_initial_metadata(echoed)
            context.set_trailing_metadata(echoed)
            for name, value in sent:
                if name == "x-fail":
                    await context.abort(CODES[int(value)], FAILURE, echoed)
            await run(messages, context)
        finally:
            active -= 1

    return handle


class Echo(grpc.GenericRpcHandler):
    def service(self, details):
        name = details.method.removeprefix(SERVICE)
        return grpc.stream_stream_rpc_method_handler(counted(METHODS.get(name, missing(name))))


async def serve(address):
    limits = {
        "grpc.max_receive_message_length": LARGEST_MESSAGE,
        "grpc.max_send_message_length": LARGEST_MESSAGE,
        "grpc.max_metadata_size": LARGEST_METADATA,
        "grpc.absolute_max_metadata_size": LARGEST_METADATA,
    }
    server = grpc.aio.server(handlers=[Echo()], options=list(limits.items()))
    port = server.add_insecure_port(address)
    await server.start()
    print(port, flush=True)
    await server.wait_for_termination()


asyncio.run(serve(sys.argv[1]))
