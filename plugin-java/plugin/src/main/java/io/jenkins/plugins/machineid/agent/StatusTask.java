package io.jenkins.plugins.machineid.agent;

import java.util.ArrayList;
import java.util.List;

/** What the open engines hold. */
public final class StatusTask extends AgentTask<ArrayList<byte[]>> {
    private static final long serialVersionUID = 1L;

    public StatusTask(String root) {
        super(root);
    }

    @Override
    ArrayList<byte[]> run(AgentState agent) {
        List<byte[]> replies = agent.engines().status();
        return new ArrayList<>(replies);
    }
}
