package hudson.model;

public abstract class Actionable extends AbstractModelObject {
    Actionable() {}

    public void addAction(Action a) {}

    public <T extends Action> T getAction(Class<T> type) {
        return null;
    }
}
