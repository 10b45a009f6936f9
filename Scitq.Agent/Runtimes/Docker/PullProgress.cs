using System.Text.Json;

namespace Scitq.Agent.Runtimes.Docker;

/// <summary>Adds up the layers of a pull into one line for people, at most one a second.</summary>
internal sealed class PullProgress(string image, TimeProvider time, Action<string> phase)
{
    private readonly Dictionary<string, (long Current, long Total)> layers = new(StringComparer.Ordinal);
    private long lastTold;
    private string lastText = "";

    public void Line(JsonElement line)
    {
        if (!line.TryGetProperty("id", out var id) || id.GetString() is not { } layer || !line.TryGetProperty("status", out var status)) return;
        var known = layers.GetValueOrDefault(layer);
        switch (status.GetString())
        {
            case "Downloading" when line.TryGetProperty("progressDetail", out var detail) && Number(detail, "current") is { } current:
                layers[layer] = (current, Math.Max(current, Number(detail, "total") ?? known.Total));
                break;
            case "Download complete" or "Verifying Checksum" or "Extracting" or "Pull complete":
                layers[layer] = (known.Total, known.Total);
                break;
            default:
                return;
        }

        if (lastText.Length > 0 && time.GetElapsedTime(lastTold) < TimeSpan.FromSeconds(1)) return;
        var (have, all) = (layers.Values.Sum(l => l.Current), layers.Values.Sum(l => l.Total));
        Tell(all == 0 ? $"pulling {image}" : FormattableString.Invariant($"pulling {image} … {100 * have / all} % of {all / 1e6:0} MB"));
    }

    private void Tell(string text)
    {
        if (text == lastText) return;
        (lastTold, lastText) = (time.GetTimestamp(), text);
        phase(text);
    }

    private static long? Number(JsonElement of, string name) => of.TryGetProperty(name, out var value) && value.TryGetInt64(out var number) ? number : null;
}
