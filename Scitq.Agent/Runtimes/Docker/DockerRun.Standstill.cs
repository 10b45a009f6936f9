namespace Scitq.Agent.Runtimes.Docker;

internal sealed partial class DockerRun
{
    public Task SuspendAsync() => _stopping == 1 ? Task.CompletedTask : SetPausedAsync(paused: true);

    public Task ContinueAsync() => SetPausedAsync(paused: false);

    public async Task<string> SignalAsync(int signal)
    {
        try
        {
            await _engine.SignalAsync(_container, signal, _detached.Token);
            return "the container";
        }
        catch (Exception e) when (e is DockerEngineException || DockerEngine.IsUnreachable(e))
        {
            throw new IOException($"the docker engine did not send it: {e.Message}", e);
        }
    }

    private async Task SetPausedAsync(bool paused)
    {
        try
        {
            if (paused) await _engine.PauseAsync(_container, _detached.Token);
            else await _engine.UnpauseAsync(_container, _detached.Token);
        }
        catch (DockerEngineException e)
        {
            // Refused where it is so already, and where the container has ended meanwhile.
            if (!await IsSoAsync(paused)) throw new IOException($"the docker engine refuses: {e.Message}", e);
        }
        catch (Exception e) when (DockerEngine.IsUnreachable(e))
        {
            throw new IOException(e.Message, e);
        }
    }

    private async Task<bool> IsSoAsync(bool paused)
    {
        try
        {
            var state = await _engine.StateAsync(_container, _detached.Token);
            return state.Paused == paused || state.Status is "exited" or "dead" or "removing";
        }
        catch (DockerEngineException e) when (e.NotFound)
        {
            return true;
        }
        catch (Exception e) when (e is DockerEngineException || DockerEngine.IsUnreachable(e))
        {
            return false;
        }
    }
}
