using System.Text.Json;
using Scitq.Contracts;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Webhooks;

/// <summary>
/// Where everything begins that a receiver is told: as a row for each that wants it, saved together with what it tells. With no receiver nothing is
/// made.
/// </summary>
internal sealed class Outbox(IReadOnlyList<Webhook> hooks)
{
    private readonly HashSet<string> _wanted = [.. hooks.SelectMany(h => h.Events)];

    public IReadOnlyList<Webhook> Hooks => hooks;

    public bool Wants(string kind) => _wanted.Contains(kind);

    /// <summary>Adds the rows to what the context saves.</summary>
    public void Add(ScitqDb db, string kind, object data, DateTime now) => db.Notices.AddRange(Rows(kind, data, now));

    /// <summary>A row for each receiver that wants to know.</summary>
    /// <param name="kind">Of <see cref="WebhookEvents"/>.</param>
    /// <param name="data">What there is to say about it.</param>
    /// <param name="now">When it happened.</param>
    /// <param name="id">The event's id, where it is to be the same whoever finds it; else a new one.</param>
    public IEnumerable<NoticeRow> Rows(string kind, object data, DateTime now, Guid? id = null)
    {
        if (!Wants(kind)) return [];
        var eventId = id ?? Guid.CreateVersion7(now);
        var body = JsonSerializer.Serialize(new { Id = eventId, Event = kind, At = now, Data = data }, ScitqJson.Rest);
        return hooks.Where(h => h.Events.Contains(kind))
            .Select(h => new NoticeRow { EventId = eventId, Hook = h.Name, Kind = kind, Body = body, Created = now, Due = now });
    }
}
