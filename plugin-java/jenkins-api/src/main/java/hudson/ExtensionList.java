package hudson;

public class ExtensionList<T> extends java.util.AbstractList<T> {
    ExtensionList() {}

    public static <U> U lookupSingleton(Class<U> type) {
        return null;
    }

    @Override
    public T get(int index) {
        return null;
    }

    @Override
    public int size() {
        return 0;
    }
}
