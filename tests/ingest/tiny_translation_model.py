"""Builds a tiny random CTranslate2 model with SentencePiece models, in the layouts of opus-mt, NLLB and Argos.

The translations are nonsense; the files are of the real formats, so the real loading code runs on them.
"""

import io
import json
import os
from pathlib import Path

import numpy as np
import sentencepiece
from ctranslate2.specs import transformer_spec

WIDTH = 32
TEXT = """the packets go to the router and the router looks up the address in its table
el paquete llega al encaminador y el encaminador mira la dirección en su tabla
a network is a set of devices joined by links, and every device has an address of its own
Today we will talk about how routers decide where to send each packet. Questions? Yes!
""".splitlines()


def sentencepiece_model(path: Path) -> list[str]:
    """Train a SentencePiece model of 70 pieces into `path`; its pieces."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXT * 4),
        model_writer=model,
        vocab_size=70,
        minloglevel=2,
    )
    path.write_bytes(model.getvalue())
    processor = sentencepiece.SentencePieceProcessor(model_file=str(path))
    return [processor.id_to_piece(i) for i in range(processor.get_piece_size())]


def network(folder: Path, vocabulary: list[str], *, adds_end: bool) -> None:
    """Save a random one-layer Transformer over the vocabulary into `folder`."""
    rng = np.random.default_rng(7)

    def weights(*shape: int) -> np.ndarray:
        return rng.normal(0, 0.4, shape).astype(np.float32)

    spec = transformer_spec.TransformerSpec.from_config(1, 2)
    for side in (spec.encoder, spec.decoder):
        embeddings = side.embeddings[0] if isinstance(side.embeddings, list) else side.embeddings
        embeddings.weight = weights(len(vocabulary), WIDTH)
        side.position_encodings.encodings = weights(512, WIDTH)
        _norm(side.layer_norm)
        for layer in side.layer:
            _attention(layer.self_attention, weights, fused=True)
            if side is spec.decoder:
                _attention(layer.attention, weights, fused=False)
            _norm(layer.ffn.layer_norm)
            layer.ffn.linear_0.weight, layer.ffn.linear_0.bias = weights(64, WIDTH), weights(64)
            layer.ffn.linear_1.weight, layer.ffn.linear_1.bias = weights(WIDTH, 64), weights(WIDTH)
    spec.decoder.projection.weight = weights(len(vocabulary), WIDTH)
    spec.decoder.projection.bias = weights(len(vocabulary))
    spec.register_source_vocabulary(vocabulary)
    spec.register_target_vocabulary(vocabulary)
    spec.config.add_source_eos = adds_end
    spec.validate()
    spec.optimize()
    folder.mkdir(parents=True, exist_ok=True)
    spec.save(str(folder))
    assert os.path.getsize(folder / "model.bin")


def opus(folder: Path, pair: str = "from = en\nto = es\n") -> Path:
    """An opus-mt model as its converter leaves it, beside its source.spm and target.spm."""
    folder.mkdir(parents=True)
    pieces = sentencepiece_model(folder / "source.spm")
    sentencepiece_model(folder / "target.spm")
    network(folder, pieces, adds_end=True)
    (folder / "pair.ini").write_text(pair, encoding="utf-8")
    return folder


def nllb(folder: Path) -> Path:
    """An NLLB model: one SentencePiece model, and the languages are tokens of the vocabulary."""
    folder.mkdir(parents=True)
    pieces = sentencepiece_model(folder / "sentencepiece.bpe.model")
    network(folder, [*pieces, "eng_Latn", "spa_Latn", "cat_Latn", "zz_Zzzz"], adds_end=False)
    (folder / "pair.ini").write_text("pairs = en-es, es-ca, en-zz\n[languages]\nzz = zz_Zzzz\n", encoding="utf-8")
    return folder


def argos(folder: Path) -> Path:
    """An unzipped .argosmodel."""
    folder.mkdir(parents=True)
    pieces = sentencepiece_model(folder / "sentencepiece.model")
    network(folder / "model", pieces, adds_end=False)
    metadata = {"from_code": "en", "to_code": "it", "package_version": "1.0", "target_prefix": ""}
    (folder / "metadata.json").write_text(json.dumps(metadata), encoding="utf-8")
    return folder


def _attention(spec, weights, *, fused: bool) -> None:
    shapes = [3 * WIDTH, WIDTH] if fused else [WIDTH, 2 * WIDTH, WIDTH]
    for linear, rows in zip(spec.linear, shapes, strict=True):
        linear.weight, linear.bias = weights(rows, WIDTH), weights(rows)
    _norm(spec.layer_norm)


def _norm(spec) -> None:
    spec.gamma, spec.beta = np.ones(WIDTH, np.float32), np.zeros(WIDTH, np.float32)
