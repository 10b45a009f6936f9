using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Scitq.Agent.Parts;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Bus;

/// <summary>Brings each message to the part that handles its type.</summary>
internal sealed partial class Inbox(IEnumerable<MessageRoute> routes, ITaskTaker tasks, ILogger<Inbox> logger) : IInbox
{
    private readonly Dictionary<Type, MessageRoute> _routes = routes.ToDictionary(r => r.Message);

    public IReadOnlyCollection<MessageRoute> Routes => _routes.Values;

    [SuppressMessage("Design", "CA1031", Justification = "A message that ended the agent would come again and end the next one, too.")]
    public async Task ReceiveAsync(object message)
    {
        try
        {
            await _routes[message.GetType()].HandleAsync(message);
        }
        catch (Exception e)
        {
            // Answers and orders are repeated until this agent has shown that it heard them.
            Log.Failed(logger, e, message.GetType().Name);
        }
    }

    public Task<bool> ReceiveAsync(TaskQueued message, CancellationToken connection) => tasks.TakeAsync(message, connection);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "The message {Type} could not be handled and is dropped.")]
        public static partial void Failed(ILogger logger, Exception e, string type);
    }
}
