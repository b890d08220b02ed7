from .core import PluginConfig, PluginProcessor

__all__ = ["PluginConfig", "PluginProcessor"]
