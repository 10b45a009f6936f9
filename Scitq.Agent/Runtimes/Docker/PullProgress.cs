using Docker.DotNet.Models;

namespace Scitq.Agent.Runtimes.Docker;

/// <summary>Adds up the layers of a pull into one line for people, at most one a second.</summary>
internal sealed class PullProgress(string image, TimeProvider time, Action<string> phase)
{
    private readonly Dictionary<string, (long Current, long Total)> _layers = new(StringComparer.Ordinal);
    private long _lastTold;
    private string _lastText = "";

    public void Add(JSONMessage message)
    {
        if (message.ID is not { } layer) return;
        var known = _layers.GetValueOrDefault(layer);
        switch (message.Status)
        {
            case "Downloading" when message.Progress?.Current is { } current:
                _layers[layer] = (current, Math.Max(current, message.Progress.Total ?? known.Total));
                break;
            case "Download complete" or "Verifying Checksum" or "Extracting" or "Pull complete":
                _layers[layer] = (known.Total, known.Total);
                break;
            default:
                return;
        }

        if (_lastText.Length > 0 && time.GetElapsedTime(_lastTold) < TimeSpan.FromSeconds(1)) return;
        var (have, all) = (_layers.Values.Sum(l => l.Current), _layers.Values.Sum(l => l.Total));
        Tell(all == 0 ? $"pulling {image}" : FormattableString.Invariant($"pulling {image} … {100 * have / all} % of {all / 1e6:0} MB"));
    }

    private void Tell(string text)
    {
        if (text == _lastText) return;
        (_lastTold, _lastText) = (time.GetTimestamp(), text);
        phase(text);
    }
}
