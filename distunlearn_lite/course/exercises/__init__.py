"""The checked exercises, a module for each chapter; loaded when a chapter is asked for."""
