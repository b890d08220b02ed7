from .vectors import vector_of


class Answers:
    def predict(self, request):
        scale = (request.get("parameters") or {}).get("scale", 1.0)
        return {"embeddings": [[scale * x for x in vector_of(request["inputs"]["text"])]]}


def get_inference_service(**kwargs):
    return Answers()
