using System.Text.Json;
using System.Text.Json.Serialization;
using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Coordinator.Api;

/// <summary>
/// Reads the bodies of requests. A submission has the members of the task's specification and the optional <c>id</c> side by side, and is
/// checked in the same pass; an error names the task and the member.
/// </summary>
internal static class SubmissionReader
{
    public const int MaxTasks = 20_000;

    private static readonly JsonSerializerOptions Options = StrictBody.Options(new OneConverter(), new ManyConverter());

    /// <summary>Reads one submission.</summary>
    /// <exception cref="InvalidRequestException">The body is not a submission, or asks for a task that is not acceptable.</exception>
    public static async Task<Submission> ReadOneAsync(HttpRequest request, CancellationToken ct) => await ReadAsync<Submission>(request, ct);

    /// <summary>Reads a list of submissions.</summary>
    /// <exception cref="InvalidRequestException">The body is not a list of submissions, or one asks for a task that is not acceptable.</exception>
    public static async Task<IReadOnlyList<Submission>> ReadManyAsync(HttpRequest request, CancellationToken ct)
    {
        var tasks = (await ReadAsync<Bulk>(request, ct)).Tasks ?? throw new InvalidRequestException("the member 'tasks' is missing.");
        var seen = new Dictionary<Guid, int>();
        for (var i = 0; i < tasks.Count; i++)
            if (tasks[i].Id is { } id && !seen.TryAdd(id, i)) throw new InvalidRequestException($"task {i + 1}: has the same id as task {seen[id] + 1}.");
        return tasks;
    }

    /// <summary>Reads a body of any form, to the letter.</summary>
    /// <exception cref="InvalidRequestException">The body is not JSON of that form.</exception>
    public static async Task<T> ReadAsync<T>(HttpRequest request, CancellationToken ct) => (T)await ReadAsync(typeof(T), request, ct);

    /// <summary>The same, where the type is known only now.</summary>
    /// <exception cref="InvalidRequestException">The body is not JSON of that form.</exception>
    public static async Task<object> ReadAsync(Type type, HttpRequest request, CancellationToken ct)
    {
        try
        {
            return await JsonSerializer.DeserializeAsync(request.Body, type, Options, ct) ?? throw new InvalidRequestException("the body is null.");
        }
        catch (JsonException e)
        {
            throw new InvalidRequestException(StrictBody.Defect(e, type, Options));
        }
    }

    /// <summary>Reads an object of which the members are there by themselves.</summary>
    /// <exception cref="InvalidRequestException">They are not of that form.</exception>
    public static object Read(Type type, IReadOnlyDictionary<string, JsonElement> members)
    {
        try
        {
            return JsonSerializer.SerializeToElement(members).Deserialize(type, Options)!;
        }
        catch (JsonException e)
        {
            throw new InvalidRequestException(StrictBody.Defect(e, type, Options));
        }
    }

    /// <summary>The members that an object of this type may have.</summary>
    public static IReadOnlyList<string> Members(Type type) =>
        [.. Options.GetTypeInfo(type).Properties.Where(p => !p.IsExtensionData).Select(p => p.Name)];

    private static Submission ReadOne(ref Utf8JsonReader reader, JsonSerializerOptions options)
    {
        var start = reader.TokenStartIndex;
        var members = reader;
        var spec = JsonSerializer.Deserialize<TaskSpec>(ref reader, options) ?? throw new JsonException("is null.");
        if (reader.BytesConsumed - start > TaskSpecRules.MaxBytes)
            throw new InvalidRequestException(
                $"its spec takes {reader.BytesConsumed - start} bytes, {TaskSpecRules.MaxBytes} are allowed: "
                + "put the data into a file, and name that as an input.");
        var id = ReadId(ref members);
        return TaskSpecRules.Problem(spec) is { } problem ? throw new InvalidRequestException(problem) : new Submission(id, spec);
    }

    private static Guid? ReadId(ref Utf8JsonReader reader)
    {
        Guid? id = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isId = reader.ValueTextEquals("id"u8);
            reader.Read();
            if (!isId) reader.Skip();
            else if (reader.TokenType == JsonTokenType.Null) id = null;
            else if (reader.TokenType == JsonTokenType.String && reader.TryGetGuid(out var given) && given != Guid.Empty) id = given;
            else throw new InvalidRequestException("the member 'id' is not a GUID.");
        }

        return id;
    }

    private sealed record Bulk(List<Submission>? Tasks);

    private sealed class OneConverter : JsonConverter<Submission>
    {
        public override Submission Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => ReadOne(ref reader, options);

        public override void Write(Utf8JsonWriter writer, Submission value, JsonSerializerOptions options) => throw new NotSupportedException();
    }

    private sealed class ManyConverter : JsonConverter<List<Submission>>
    {
        public override List<Submission> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType != JsonTokenType.StartArray) throw new InvalidRequestException("the member 'tasks' is not a list.");
            var tasks = new List<Submission>();
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                if (tasks.Count == MaxTasks) throw new InvalidRequestException($"more than {MaxTasks} tasks in one request: send them in several.");
                try
                {
                    tasks.Add(ReadOne(ref reader, options));
                }
                catch (InvalidRequestException e)
                {
                    throw new InvalidRequestException($"task {tasks.Count + 1}: {e.Message}");
                }
                catch (JsonException e)
                {
                    throw new InvalidRequestException($"task {tasks.Count + 1}: {StrictBody.Defect(e, typeof(TaskSpec), Options)}");
                }
            }

            return tasks;
        }

        public override void Write(Utf8JsonWriter writer, List<Submission> value, JsonSerializerOptions options) => throw new NotSupportedException();
    }
}

/// <summary>A task to be queued, with the id that its submitter made for it, if any.</summary>
internal sealed record Submission(Guid? Id, TaskSpec Spec);
