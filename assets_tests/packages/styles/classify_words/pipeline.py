from shared.extractors.sdk import BatchProcessor


class Length(BatchProcessor):
    def process(self, batch):
        batch["long"] = ["long" if len(text) > 20 else "short" for text in batch["data"]]
        return batch


def build_steps(extractor_request, **kwargs):
    return {"steps": [Length(), Length]}
