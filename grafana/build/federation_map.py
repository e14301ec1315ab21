"""The map of a federation: each Oneprovider at the coordinates that its Onezone reports."""

from __future__ import annotations

from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import geomap
from grafana_foundation_sdk.models import common, dashboard

from grafana.build.panels import About, as_rows, dress
from grafana.build.promql import coded, select
from grafana.build.words import DIAGNOSES, mapped


def providers_map() -> geomap.Panel:
    """Return a map with a marker for each provider, in the colour of its diagnosis."""
    place = f"max by (target, latitude, longitude) ({select('onedata_provider_info')})"
    diagnosis = coded("onedata_target_diagnosis", "diagnosis", DIAGNOSES, "target")
    about = About(
        "Map of the providers",
        "Each Oneprovider at the latitude and longitude that its zone has for it, in the colour of its diagnosis.",
        16,
        10,
        "no zone with `discover`",
    )
    numbers = {"conversions": [{"targetField": name, "destinationType": "number"} for name in _COORDINATES]}
    return (
        dress(geomap.Panel(), about)
        .with_target(as_rows(f"{place} * on (target) group_left () {diagnosis}", "A"))
        .unit("none")
        .mappings(mapped(DIAGNOSES))
        .with_transformation(dashboard.DataTransformerConfig(id_val="convertFieldType", options=numbers))
        .basemap(common_builders.MapLayerOptions().type("default").name("Basemap"))
        .layers([_markers()])
    )


_COORDINATES = ("latitude", "longitude")


def _markers() -> common_builders.MapLayerOptions:
    style = {
        "size": {"fixed": 8, "min": 2, "max": 15},
        "color": {"field": "Value", "fixed": "dark-green"},
        "text": {"field": "target", "mode": "field", "fixed": ""},
        "symbol": {"mode": "fixed", "fixed": "img/icons/marker/circle.svg"},
        "textConfig": {
            "fontSize": 12,
            "textAlign": "left",
            "textBaseline": "middle",
            "offsetX": 12,
            "offsetY": 0,
        },
        "opacity": 0.8,
    }
    return (
        common_builders.MapLayerOptions()
        .type("markers")
        .name("Providers")
        .config({"showLegend": False, "style": style})
        .location(
            common_builders.FrameGeometrySource()
            .mode(common.FrameGeometrySourceMode.COORDS)
            .latitude("latitude")
            .longitude("longitude")
        )
    )
