"""The batched Faust layer: whole partition batches in, one Kafka transaction per partition out.

It knows nothing of wallets. An agent over it reads like Faust:

    async for batch in table.batches(stream):
        for offset, key, value in batch.records():
            batch.state.put(key, fold(batch.state.get(key), value))
            batch.state.emit("results", batch.partition, key, result)

What the loop puts and emits commits in one transaction together with the batch's end, about every
20 ms; a crash anywhere leaves nothing half done and nothing twice.
"""
