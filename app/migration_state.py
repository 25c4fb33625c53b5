"""What the tables look like between two migrations, with a class only for the models that an operation touches.

Tortoise makes the classes of all models anew, twice for each operation: five seconds for an empty database.
"""

from collections.abc import Iterable

from tortoise.fields.relational import ForeignKeyFieldInstance, ManyToManyFieldInstance
from tortoise.migrations.executor import MigrationExecutor
from tortoise.migrations.graph import MigrationKey
from tortoise.migrations.migration import Migration
from tortoise.migrations.schema_generator.state import ModelState, State
from tortoise.migrations.schema_generator.state_apps import StateApps
from tortoise.models import Model

ModelStates = dict[tuple[str, str], ModelState]


class Executor(MigrationExecutor):
    """Tortoise's, on a state that makes classes when they are asked for."""

    async def _project_state(self, applied: set[MigrationKey], *, upto: MigrationKey | None = None) -> State:
        connections = {label: config.get("default_connection", "default") for label, config in self._apps.items()}
        state = lazy_state(connections)
        for key in self._full_plan():
            if key == upto:
                break
            migration = self.loader.graph.nodes[key]
            if key in applied and isinstance(migration, Migration):
                await migration.apply(state, dry_run=True, schema_editor=None)
        return state

    @property
    def _apps(self) -> dict[str, dict[str, str]]:
        apps: dict[str, dict[str, str]] = self.loader.apps_config
        return apps


class LazyState(State):
    """A change of a model only forgets the classes; they are made again from the descriptions in `models`."""

    def reload_model(self, app_label: str, model_name: str) -> None:
        self.apps.apps.clear()

    def reload_models(self, model_tuples: Iterable[tuple[str, str]]) -> None:
        self.apps.apps.clear()

    def clone(self) -> State:
        models = {key: model.clone() for key, model in self.models.items()}
        return LazyState(models=models, apps=self.apps.clone(models))


class LazyApps(StateApps):
    """The classes made so far. `states` is the dictionary that its state changes."""

    def __init__(self, states: ModelStates, connections: dict[str, str] | None) -> None:
        super().__init__(default_connections=connections)
        self.states = states

    def get_model(self, app_label: str, model_name: str | None = None) -> type[Model]:
        """The class of a model as it is now; KeyError when there is none."""
        key = self.split_reference(app_label) if model_name is None else (app_label, model_name)
        if key not in self._made():
            self._make(key)
        return super().get_model(*key)

    def clone(self, model_states: ModelStates | None = None) -> StateApps:
        return LazyApps(self.states if model_states is None else model_states, self._default_connections)

    def _make(self, key: tuple[str, str]) -> None:
        """Make the class of `key`, and of every model that it refers to: their keys are its columns."""
        waiting = [key]
        while waiting:
            key = waiting.pop()
            if key in self._made() or key not in self.states:
                continue
            state = self.states[key]
            self.register_model(key[0], state.render(self))
            waiting += [
                self.split_reference(field.model_name)
                for field in state.fields.values()
                if isinstance(field, ForeignKeyFieldInstance | ManyToManyFieldInstance)
            ]
        self._init_relations()
        self._build_initial_querysets()

    def _made(self) -> set[tuple[str, str]]:
        return {(label, name) for label, models in self.apps.items() for name in models}


def lazy_state(connections: dict[str, str] | None = None) -> State:
    """The state before the first migration; `connections`: the name of the connection for each app label."""
    states: ModelStates = {}
    return LazyState(models=states, apps=LazyApps(states, connections))
