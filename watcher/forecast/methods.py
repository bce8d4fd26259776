"""The methods: from a series to its next days. The only place that knows statsmodels.

    naive ........ as it is, so it stays: the floor that a method has to beat
    drift ........ the line from the first value to the last goes on
    Holt ......... level and trend, smoothed; the trend is damped (statsmodels)
    Theta ........ half the trend of a line, and simple smoothing (statsmodels)

Standard ones, as in Hyndman and Athanasopoulos, "Forecasting: Principles and Practice".
"""

import warnings
from collections.abc import Callable, Mapping, Sequence

from watcher.errors import ConfigurationError

Method = Callable[[Sequence[float], int], list[float]]
"""Gives the next so many values of a series of two values or more."""


def naive(values: Sequence[float], days: int) -> list[float]:
    """Repeat the last value."""
    return [values[-1]] * days


def drift(values: Sequence[float], days: int) -> list[float]:
    """Go on from the last value by the mean change of a day."""
    change = (values[-1] - values[0]) / (len(values) - 1)
    return [values[-1] + change * ahead for ahead in range(1, days + 1)]


def load_methods() -> Mapping[str, Method]:
    """Give every method by its name, the simplest first.

    ConfigurationError with the remedy where statsmodels is not installed: it is an extra, and slow to import.
    """
    try:
        import numpy as np  # noqa: PLC0415  # all of these come with the extra
        from statsmodels.tsa.forecasting.theta import ThetaModel  # noqa: PLC0415
        from statsmodels.tsa.holtwinters import Holt  # noqa: PLC0415
        from threadpoolctl import ThreadpoolController  # noqa: PLC0415
    except ImportError:
        raise ConfigurationError(
            "watcher forecast needs the extra `forecast`: pip install 'watcher[forecast]'"
        ) from None
    threads = ThreadpoolController()

    def holt(values: Sequence[float], days: int) -> list[float]:
        fitted = Holt(np.array(values), damped_trend=True, initialization_method="estimated").fit()
        return [float(value) for value in fitted.forecast(days)]

    def theta(values: Sequence[float], days: int) -> list[float]:
        fitted = ThetaModel(np.array(values), deseasonalize=False).fit()
        return [float(value) for value in fitted.forecast(days)]

    def fitted(method: Method) -> Method:
        """Keep a method to what can be fitted: a constant goes on. A poor fit is for the back-test to see."""

        def forecast(values: Sequence[float], days: int) -> list[float]:
            if min(values) == max(values):
                return naive(values, days)
            # The series are so short that threads of the linear algebra cost fifteen times what they do.
            with warnings.catch_warnings(), threads.limit(limits=1):
                warnings.simplefilter("ignore")
                return method(values, days)

        return forecast

    return {"naive": naive, "drift": drift, "Holt (damped)": fitted(holt), "Theta": fitted(theta)}
